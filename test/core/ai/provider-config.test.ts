import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkProviders, DEFAULT_REGISTRY, loadProviders } from '../../../core/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'oisp-providers-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

test('without settings the registry is the one that ships with the program', () => {
  expect(checkProviders({})).toEqual([]);
  expect(loadProviders({ hosts: {} })).toBe(DEFAULT_REGISTRY);
});

test('a file and hosts go over what ships with the program, and hosts may name providers of the file', () => {
  const providers_file = file('good.yaml', 'providers:\n  corp: {hosts: [ai.corp.local], prices_of: [openai]}\n');
  const hosts = { 'old.corp.local': 'corp', 'localhost:4000': 'openai', '*.gw.corp.local': 'api.anthropic.com' };
  expect(checkProviders({ providers_file, hosts })).toEqual([]);
  const registry = loadProviders({ providers_file, hosts });
  const name = (host: string, port = 443) => registry.providerOf(host, port)?.name;
  expect(name('ai.corp.local')).toBe('corp');
  expect(name('old.corp.local')).toBe('corp');
  expect(name('localhost', 4000)).toBe('openai');
  expect(name('eu.gw.corp.local')).toBe('anthropic');
  expect(name('api.openai.com')).toBe('openai');
  expect(registry.modelOf('corp', 'gpt-4o-2024-08-06')?.id).toBe('gpt-4o');
});

test('what is wrong in the file is told with its place, in one line, and refuses the start', () => {
  const providers_file = file('bad.yaml', 'providers:\n  corp:\n    hosts: ["*.com", ok.corp.local]\n    otle: x\n');
  const problems = checkProviders({ providers_file, hosts: { 'a.corp.local': 'corp' } });
  expect(problems.map(({ path }) => path)).toEqual([['providers_file'], ['providers_file']].slice(0, problems.length));
  expect(problems.map(({ message }) => message).join('\n')).toContain('bad.yaml:4:5');
  for (const { message } of problems) expect(message).not.toContain('\n');
  expect(() => loadProviders({ providers_file })).toThrow('providers_file');
});

test.each([
  [
    { 'a.corp.local': 'opnai' },
    ['hosts', 'a.corp.local'],
    '"opnai" is neither a provider nor a host of one',
    'did you mean "openai"?',
  ],
  [
    { 'a.corp.local': 'api.nobody.com' },
    ['hosts', 'a.corp.local'],
    'is neither a provider nor a host of one',
    'oisp-collector providers list',
  ],
  [{ '*': 'openai' }, ['hosts', '*'], '"*" takes too many hosts', 'write at least two whole labels'],
  [{ 'http://a.corp.local': 'openai' }, ['hosts', 'http://a.corp.local'], 'is a URL or a path', 'write its host only'],
])('hosts %j: %j', (hosts, path, message, hint) => {
  const [problem, ...more] = checkProviders({ hosts });
  expect(more).toEqual([]);
  expect(problem?.path).toEqual(path);
  expect(problem?.message).toContain(message);
  expect(problem?.hint).toContain(hint);
});

test('a file that is not there, or too large, is a problem', () => {
  expect(checkProviders({ providers_file: join(folder, 'none.yaml') })[0]?.message).toMatch(
    /^cannot read .*none\.yaml: ENOENT/,
  );
  const large = file('large.yaml', `# ${'x'.repeat(4 * 1024 * 1024)}\n`);
  expect(checkProviders({ providers_file: large })[0]?.message).toContain('is larger than');
});

test.runIf(process.geteuid?.() === 0)('as root a file that others may write is refused', () => {
  const path = file('loose.yaml', 'providers: {}\n');
  chmodSync(path, 0o666);
  expect(checkProviders({ providers_file: path })).toMatchObject([
    { path: ['providers_file'], message: expect.stringContaining('others may write it (mode 0666)') },
  ]);
});
