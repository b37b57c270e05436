import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { discover } from '../../../../receivers/ebpf/target/discover.ts';
import { codeSegments, fileOffset, readElf } from '../../../../receivers/ebpf/target/elf.ts';
import { linkerCache } from '../../../../receivers/ebpf/target/libraries.ts';
import { anchorOpenssl } from '../../../../receivers/ebpf/target/openssl.ts';
import { entryOf } from '../../../../receivers/ebpf/target/prologue.ts';
import { bufferSource, bytesAt, fileSource, type Source } from '../../../../receivers/ebpf/target/source.ts';
import { functionsNamed, symbolSections } from '../../../../receivers/ebpf/target/symbols.ts';
import type { Role, Target } from '../../../../receivers/ebpf/target/target.ts';
import { bunPath, hasBun } from '../../../bun.ts';
import { skipsWhere, skipsWithout } from '../../../require.ts';

const isElsewhere = skipsWhere(
  process.platform !== 'linux' || process.arch !== 'x64',
  'these are files of Linux x86-64',
);

function open(path: string): Source {
  const fd = openSync(path, 'r');
  onTestFinished(() => closeSync(fd));
  return fileSource(fd);
}

/** The target in a file, whose sites all are where code is and begins like a function. */
function targetIn(path: string): Target {
  const source = open(path);
  const found = discover(source);
  if (found.kind !== 'target') throw new Error(JSON.stringify(found));
  const code = codeSegments(readElf(source));
  for (const { offset } of found.target.sites) {
    expect(code.some((segment) => offset >= segment.offset && offset < segment.offset + segment.size)).toBe(true);
    expect(entryOf(bytesAt(source, offset, 16))).toMatchObject({ skip: 0 });
  }
  return found.target;
}

const roles = ({ sites }: Target): Role[] => sites.map(({ role }) => role).sort((a, b) => a.localeCompare(b));

const isShared = skipsWhere(process.config.variables['node_shared_openssl'] === true, 'this Node has no OpenSSL in it');

test('Node is probed at what it exports', { skip: isElsewhere || isShared }, () => {
  const target = targetIn(process.execPath);
  expect(target).toMatchObject({ library: 'openssl', found: 'symbols' });
  const wanted = ['free', 'handshake', 'read', 'read_ex', 'set_fd', 'set_fd', 'set_fd', 'write', 'write_ex'];
  expect(roles(target)).toEqual(wanted);
});

const cache = '/etc/ld.so.cache';
const [libssl] = existsSync(cache) ? (linkerCache(readFileSync(cache)).get('libssl.so.3') ?? []) : [];
const noLibssl = isElsewhere || skipsWithout('openssl', libssl !== undefined, 'install libssl3');

test('a shared libssl of OpenSSL 3 is probed once in each direction', { skip: noLibssl }, () => {
  const target = targetIn(libssl ?? '');
  const data = roles(target).filter((role) => /^(read|write)/.test(role));
  expect(target.library).toBe('openssl');
  expect([
    ['read_ex', 'write_ex'],
    ['read_ex', 'write_ex5'],
    ['read', 'read_ex', 'write', 'write_ex'],
  ]).toContainEqual(data);
  expect(roles(target).filter((role) => role === 'set_fd')).toHaveLength(3);
});

test('a symbol that points into the midst of a function is refused', { skip: isElsewhere }, () => {
  const bytes = readFileSync(process.execPath);
  const node = readElf(bufferSource(bytes));
  const sites = targetIn(process.execPath).sites;
  const read = sites.find((site) => site.symbol === 'SSL_read')?.offset ?? 0;
  // every value of a symbol that is the begin of SSL_read becomes the second instruction of it
  const begin = Buffer.alloc(8);
  const segment = codeSegments(node).find(({ offset, size }) => read >= offset && read < offset + size);
  begin.writeBigUInt64LE(BigInt(read - (segment?.offset ?? 0) + (segment?.vaddr ?? 0)));
  const forged = Buffer.from(begin);
  forged.writeBigUInt64LE(begin.readBigUInt64LE() + 1n);
  let found = 0;
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + 8), found++) forged.copy(bytes, at);
  expect(found).toBeGreaterThan(0);
  expect(discover(bufferSource(bytes))).toMatchObject({
    kind: 'unsupported_build',
    reason: 'a symbol names no begin of a function',
  });
});

/** The Bun of the tests, and programs named by OISP_BUN: of any version, or what `bun build --compile` made, separated by colons. */
const named = (process.env['OISP_BUN'] ?? '').split(':').filter((path) => path !== '');
const buns = [...named, ...(hasBun() ? [bunPath] : [])];
const noBun = isElsewhere || skipsWithout('bun', buns.length > 0, 'npx tsx test/bun.ts fetches it');

test.each(buns.length > 0 ? buns : ['none'])('Bun has its BoringSSL told apart: %s', { skip: noBun }, (path) => {
  const target = targetIn(path);
  expect(target).toMatchObject({ library: 'boringssl', found: 'anchors' });
  expect(roles(target)).toEqual(['handshake', 'read', 'write']);
});

const PROGRAM = `#include <openssl/ssl.h>
int main(int count, char **names) {
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL *ssl = SSL_new(context);
  char bytes[64];
  size_t n;
  SSL_set_fd(ssl, count);
  if (SSL_connect(ssl) != 1) return 1;
  if (SSL_write(ssl, names[0], 1) != 1 || SSL_write_ex(ssl, names[0], 1, &n) != 1) return 1;
  return SSL_read(ssl, bytes, 64) + SSL_read_ex(ssl, bytes, 64, &n);
}`;

const folder = mkdtempSync(join(tmpdir(), 'oisp-static-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles a program with OpenSSL in it; undefined where that cannot be done. */
function build(name: string, ...options: string[]): string | undefined {
  const path = join(folder, name);
  writeFileSync(`${path}.c`, PROGRAM);
  try {
    for (const output of [
      ['-o', path],
      ['-s', '-o', `${path}.stripped`],
    ]) {
      execFileSync('gcc', ['-O2', ...output, `${path}.c`, ...options], { stdio: 'ignore' });
    }
    return path;
  } catch {
    return undefined;
  }
}

const libraries = ['-Wl,-Bstatic', '-lssl', '-lcrypto', '-Wl,-Bdynamic'];
const builds = isElsewhere
  ? []
  : [
      { what: 'for any address', path: build('pie', '-pie', '-fPIE', ...libraries) },
      { what: 'for one address', path: build('fixed', '-no-pie', '-fno-pie', ...libraries) },
      { what: 'static, without a table of unwind information', path: build('static', '-static', '-lssl', '-lcrypto') },
    ].flatMap(({ what, path }) => (path === undefined ? [] : [{ what, path }]));
const noGcc =
  isElsewhere || skipsWithout('gcc with libssl.a of OpenSSL 3', builds.length > 0, 'in Debian gcc and libssl-dev');

describe('a stripped program with OpenSSL 3 in it', { skip: noGcc }, () => {
  test.each(builds.length > 0 ? builds : [{ what: 'none', path: '' }])('linked $what', ({ path }) => {
    const whole = readElf(open(path));
    const [table] = symbolSections(whole);
    if (table === undefined) throw new Error('the compiler wrote no symbols');
    const target = targetIn(`${path}.stripped`);
    expect(target.found).toBe('anchors');
    expect(roles(target).slice(0, 3)).toEqual(['handshake', 'read_ex', 'set_fd']);
    const elf = readElf(open(`${path}.stripped`));
    for (const { symbol, offset } of target.sites) {
      const [begin = 0] = functionsNamed(whole, table, symbol.slice(0, 4), new Set([symbol])).get(symbol) ?? [];
      expect(`${symbol} ${offset}`).toBe(`${symbol} ${fileOffset(whole, begin)}`);
    }
    expect(anchorOpenssl(whole, undefined)).toEqual(anchorOpenssl(elf, undefined));
  });
});
