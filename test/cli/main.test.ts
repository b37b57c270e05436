import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeEvent } from '../../core/testing/index.ts';

const repo = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'oisp-main-'));
const running = new Set<Running>();
let files = 0;

/** Reads what is posted and never answers. */
let silent: Server;
let posted = (): void => {};

beforeAll(async () => {
  silent = createServer((request) => {
    request.resume().on('end', () => posted());
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const one of running) one.child.kill('SIGKILL');
  running.clear();
});
afterAll(async () => {
  silent.closeAllConnections();
  await new Promise((resolve) => silent.close(resolve));
  rmSync(folder, { recursive: true });
});

class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  err = '';
  #waiting: { text: string; done: () => void }[] = [];

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--import', 'tsx', join(repo, 'cli/main.ts'), ...args], { cwd: repo });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      this.#waiting = this.#waiting.filter(({ text: wanted, done }) => {
        if (!this.err.includes(wanted)) return true;
        done();
        return false;
      });
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
    running.add(this);
  }

  /** Resolves when the log holds a text; fails when the program ends without it. */
  async says(text: string): Promise<void> {
    if (this.err.includes(text)) return;
    const heard = new Promise<boolean>((resolve) => this.#waiting.push({ text, done: () => resolve(true) }));
    if (await Promise.race([heard, this.ended.then(() => false)])) return;
    throw new Error(`ended without saying "${text}":\n${this.err}`);
  }
}

/** A config that follows a file until it is stopped. */
function following(exporter: string, more = ''): { readonly config: string; readonly input: string } {
  const input = join(folder, `in-${files}.jsonl`);
  const config = join(folder, `c-${files++}.yaml`);
  writeFileSync(input, `${JSON.stringify(makeEvent(1))}\n`);
  writeFileSync(
    config,
    `receivers: {jsonl: {include: ["${input}"], mode: follow, start_at: beginning}}
processors: {redact: {mode: full}}
exporters: {${exporter}}
service:
  ${more}
  pipelines: {logs: {receivers: [jsonl], processors: [redact], exporters: [${exporter.split(':')[0]}]}}
`,
  );
  return { config, input };
}

const toFile = (): string => `jsonl: {path: "${join(folder, `out-${files}.jsonl`)}", flush_interval: 1ms}`;
const toSilent = (): string =>
  `otlp_http: {endpoint: "http://127.0.0.1:${(silent.address() as AddressInfo).port}", sending_queue: {batch: {flush_timeout: 1ms}}}`;

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it cleanly', async (signal) => {
  const program = new Running(['--config', following(toFile()).config]);
  await program.says('Everything is ready.');
  program.child.kill(signal);
  expect(await program.ended, program.err).toBe(0);
  expect(program.err).toContain('Shutdown complete.');
});

test('a second signal ends it at once with exit code 130', async () => {
  const request = new Promise<void>((resolve) => {
    posted = resolve;
  });
  const program = new Running(['--config', following(toSilent(), 'shutdown_timeout: 10m').config]);
  await request;
  program.child.kill('SIGTERM');
  await program.says('Starting shutdown...');
  program.child.kill('SIGTERM');
  expect(await program.ended, program.err).toBe(130);
});

test('what could not be sent before the deadline is loss: exit code 3 and the number', async () => {
  const request = new Promise<void>((resolve) => {
    posted = resolve;
  });
  const program = new Running(['--config', following(toSilent(), 'shutdown_timeout: 100ms').config]);
  await request;
  program.child.kill('SIGTERM');
  expect(await program.ended, program.err).toBe(3);
  expect(program.err).toContain('stopped with loss: 1 events and spans did not arrive');
});

test('SIGHUP takes a new config, and a wrong one leaves the old pipelines at work', async () => {
  const { config, input } = following(toFile());
  const program = new Running(['--config', config]);
  await program.says('Everything is ready.');
  const right = readFileSync(config, 'utf8');

  writeFileSync(config, right.replace('follow', 'folow'));
  program.child.kill('SIGHUP');
  await program.says('The new config is wrong, the old pipelines stay at work.');
  expect(program.err).toContain('folow');

  const other = join(folder, 'after-reload.jsonl');
  writeFileSync(config, right.replace(/path: "[^"]+"/, `path: "${other}"`));
  program.child.kill('SIGHUP');
  await program.says('Config updated, restart service.');
  appendFileSync(input, `${JSON.stringify(makeEvent(2))}\n`);
  await expect.poll(() => readOrEmpty(other), { timeout: 20_000 }).toContain(makeEvent(2).event_id);
  program.child.kill('SIGTERM');
  expect(await program.ended, program.err).toBe(0);
});

test('a component that cannot start is named, and the exit code is 1', async () => {
  // a link to nowhere looks like a new file until it is opened
  const link = join(folder, 'link.jsonl');
  symlinkSync(join(folder, 'nowhere', 'x.jsonl'), link);
  const program = new Running(['--config', following(`jsonl: {path: "${link}"}`).config]);
  expect(await program.ended).toBe(1);
  expect(program.err).toContain('Error: cannot start pipelines: failed to start "jsonl" exporter:');
});

test('a reader of the output that goes away is no crash', async () => {
  const program = new Running(['components']);
  program.child.stdout?.destroy();
  expect(await program.ended, program.err).toBe(0);
  expect(program.err).toBe('');
});

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it is made with the first line
  }
}
