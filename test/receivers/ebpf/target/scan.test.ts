import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { FakeClock } from '../../../../core/testing/index.ts';
import { discover } from '../../../../receivers/ebpf/target/discover.ts';
import { Scanner, type ScannerOptions } from '../../../../receivers/ebpf/target/scan.ts';
import { fileSource } from '../../../../receivers/ebpf/target/source.ts';
import { skipsWhere } from '../../../require.ts';
import { push, ret, slots } from './code-builder.ts';
import { buildElf } from './elf-builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'oisp-scan-'));
afterAll(() => rmSync(folder, { recursive: true }));

const exports = { SSL_read: 0, SSL_write: 256 };
const library = join(folder, 'library');
writeFileSync(
  library,
  buildElf({
    exports,
    code: slots({}, [
      [push, ret],
      [push, ret],
    ]),
  }),
);
const program = join(folder, 'program');
writeFileSync(program, buildElf({ needed: ['libc.so.6'] }));

function scannerOf(options: ScannerOptions = {}): Scanner {
  const scanner = new Scanner(options);
  onTestFinished(() => scanner.close());
  return scanner;
}

/** A thread that runs a function of its text for each path, and how often one was started. */
function threads(run: string): { readonly startWorker: () => Worker; readonly started: Worker[] } {
  const started: Worker[] = [];
  const text = `const { parentPort } = require('node:worker_threads'); parentPort.on('message', (path) => { ${run} });`;
  const startWorker = (): Worker => {
    const worker = new Worker(text, { eval: true });
    started.push(worker);
    return worker;
  };
  return { startWorker, started };
}

const ANSWER = `parentPort.postMessage({ discovery: { kind: 'none', needed: [path] } });`;

describe('a scanner', () => {
  test('says what files are, in order, and one that was seen is not read again', async () => {
    const scanner = scannerOf();
    const kinds = await Promise.all([library, program, library, folder].map((path) => scanner.scan(path)));
    expect(kinds.map(({ kind }) => kind)).toEqual(['target', 'none', 'target', 'none']);
    expect(kinds[2]).toBe(kinds[0]);
    expect(await scanner.scan(library)).toBe(kinds[0]);
  });

  const where = { skip: skipsWhere(process.platform !== 'linux', 'there is no /proc here') };
  test('reads what a process runs', where, async () => {
    const own = openSync(process.execPath, 'r');
    onTestFinished(() => closeSync(own));
    expect(await scannerOf().scan('/proc/self/exe')).toEqual(discover(fileSource(own)));
  });

  test('says that a file is not there, without its name', async () => {
    expect(await scannerOf().scan(join(folder, 'secret'))).toEqual({
      kind: 'unsupported_build',
      library: 'unknown',
      reason: 'the file cannot be read: ENOENT',
    });
  });

  test('gives up a scan that takes too long, and goes on with the next one', async () => {
    const clock = new FakeClock();
    const { startWorker, started } = threads(`if (path === ${JSON.stringify(library)}) for (;;) {} ${ANSWER}`);
    const scanner = scannerOf({ clock, startWorker, timeLimitMs: 1000 });
    const [stuck, next] = [scanner.scan(library), scanner.scan(program)];
    await clock.advance(1000);
    expect(await stuck).toMatchObject({ kind: 'unsupported_build', reason: 'the scan took more than 1000 ms' });
    expect(await next).toEqual({ kind: 'none', needed: [program] });
    expect(await scanner.scan(library)).toBe(await stuck);
    expect(started).toHaveLength(2);
  });

  test.each([
    { what: 'throws', run: 'throw new Error()' },
    { what: 'ends', run: 'process.exit(1)' },
  ])('outlives a thread that $what', async ({ run }) => {
    const { startWorker } = threads(`if (path === ${JSON.stringify(library)}) { ${run} } ${ANSWER}`);
    const scanner = scannerOf({ startWorker });
    const [broken, next] = await Promise.all([scanner.scan(library), scanner.scan(program)]);
    expect(broken).toMatchObject({ kind: 'unsupported_build', reason: expect.stringContaining('crash') });
    expect(next).toMatchObject({ kind: 'none' });
  });

  test('ends its thread when nothing is to do, and starts another one', async () => {
    const clock = new FakeClock();
    const { startWorker, started } = threads(ANSWER);
    const scanner = scannerOf({ clock, startWorker, idleMs: 5000 });
    await scanner.scan(program);
    await clock.advance(4999);
    await scanner.scan(join(folder, 'other'));
    expect(started).toHaveLength(1);
    const ended = new Promise((resolve) => started[0]?.once('exit', resolve));
    await clock.advance(5000);
    await ended;
    await scanner.scan(join(folder, 'third'));
    expect(started).toHaveLength(2);
  });

  test('that is closed answers what waits and what comes', async () => {
    const { startWorker } = threads('');
    const scanner = scannerOf({ startWorker });
    const waiting = [scanner.scan(library), scanner.scan(program)];
    await scanner.close();
    await scanner.close();
    for (const answer of await Promise.all([...waiting, scanner.scan(library)])) {
      expect(answer).toMatchObject({ kind: 'unsupported_build', reason: 'the scanner is closed' });
    }
  });
});
