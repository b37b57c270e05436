import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatProblem, readProviders } from '../../../core/index.ts';

const NAME = 'providers.yaml';

function problemsOf(text: string): string[] {
  const read = readProviders(NAME, text, new Set(['openai']));
  return 'problems' in read ? read.problems.map((problem) => formatProblem(problem).split('\n')[0] ?? '') : [];
}

test('a file gives entries with its source and date', () => {
  const read = readProviders(
    NAME,
    `source: platform team
date: "2026-11-20"
providers:
  corp:
    title: Corp gateway
    otel: openai
    hosts: [gateway.corp.local, "*.ai.corp.local:8443"]
    prices_of: [openai]
    models:
      corp-large:
        aliases: ["corp-large-*"]
        context_window: 200000
        prices:
          - { since: "2026-01-01", input: 1.5, output: 6, above: [{ tokens: 100000, input: 3 }] }
        source: invoice
`,
    new Set(['openai']),
  );
  expect(read).toEqual({
    entries: {
      corp: {
        source: 'platform team',
        date: '2026-11-20',
        title: 'Corp gateway',
        otel: 'openai',
        hosts: ['gateway.corp.local', '*.ai.corp.local:8443'],
        prices_of: ['openai'],
        models: {
          'corp-large': {
            source: 'invoice',
            aliases: ['corp-large-*'],
            context_window: 200_000,
            prices: [{ since: '2026-01-01', input: 1.5, output: 6, above: [{ tokens: 100_000, input: 3 }] }],
          },
        },
      },
    },
  });
});

test('a file may be JSON', () => {
  const read = readProviders(NAME, '{"providers": {"corp": {"hosts": ["a.corp.local"]}}}', new Set());
  expect(read).toEqual({ entries: { corp: { source: NAME, hosts: ['a.corp.local'] } } });
});

test.each([
  [
    'providers:\n  corp: {hosts: [https://a.b/c]}\n',
    /^providers\.yaml:2:18 .*"https:\/\/a\.b\/c" is a URL or a path; write its host only$/,
  ],
  ['providers:\n  corp: {hosts: ["*"]}\n', /^providers\.yaml:2:18 .*"\*" takes too many hosts/],
  ['providers:\n  corp: {hosts: ["(a|b)+.corp.local"]}\n', /^providers\.yaml:2:18 .* is no host name or pattern$/],
  ['providers:\n  Corp Inc: {}\n', /^providers\.yaml:2:3 .*"Corp Inc" is no name; write lower case letters/],
  ['providers:\n  corp: {prices_of: [nobody]}\n', /^providers\.yaml:2:22 .*"nobody" is no provider$/],
  ['providers:\n  corp: {hots: [a]}\n', /^providers\.yaml:2:10 .*invalid keys: hots; did you mean "hosts"\?$/],
  ['providers:\n  corp: {ports: [70000]}\n', /^providers\.yaml:2:18 /],
  ['providers:\n  corp:\n    models:\n      m: {prices: [{input: -1}]}\n', /^providers\.yaml:4:28 /],
  [
    'providers:\n  corp:\n    models:\n      m: {prices: [{since: "2026-13-01"}]}\n',
    /^providers\.yaml:4:28 .*is no day$/,
  ],
  ['providers:\n  corp:\n    models:\n      m: {prices: [{hours: "25:00-26:00"}]}\n', /^providers\.yaml:4:28 /],
  ['providers:\n  corp:\n    date: 2026-11-20\n', /^providers\.yaml:3:11 /],
  ['provders: {}\n', /^providers\.yaml:1:1 .*invalid keys: provders/],
  ['providers: [\n', /^providers\.yaml:\d+:\d+ .*yaml: line/],
  ['', /providers/],
  ['[]', /^providers\.yaml:1:1 /],
  ['providers: &a {b: *a}\n', /^providers\.yaml:1:/],
])('%j has its problem with its place', (text, want) => {
  const problems = problemsOf(text);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.join('\n')).toMatch(want);
});

test('every problem comes at once', () => {
  expect(problemsOf('providers:\n  corp: {hosts: ["*", "https://x", "ok.corp.local"]}\n  Bad: {}\n')).toHaveLength(3);
});

test('any text gives entries or problems, never a throw', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      'providers:',
      '  corp:',
      '    hosts: [a.b]',
      '    models:',
      '      m: {prices: [{input: 1}]}',
      '  __proto__: {}',
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const read = readProviders(NAME, lines.join('\n'), new Set());
      expect('entries' in read || read.problems.length > 0).toBe(true);
    }),
  );
});

test('the file that docs/providers.md shows is one, and so is what it says of a problem', () => {
  const page = readFileSync(new URL('../../../docs/providers.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  const [file, ...more] = blocks.filter((block) => block.includes('providers:\n'));
  expect(more).toEqual([]);
  const read = readProviders(NAME, file ?? '', new Set(['openai', 'anthropic', 'ollama']));
  if ('problems' in read) throw new Error(read.problems[0]?.message);
  expect(Object.keys(read.entries)).toEqual(['corp_gateway', 'ollama']);
  const [problem] = problemsOf('providers:\n  corp:\n    hosts: ["*.com"]\n');
  expect(page).toContain(`providers_file: ${problem}`);
});
