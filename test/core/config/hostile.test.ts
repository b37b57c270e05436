// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configs look like placeholders of templates.
import { expect, test } from 'vitest';
import { load, SERVICE, WHOLE } from './setup.ts';

const K = 1024;
const many = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

// Each of these takes hours where the work grows with the square of the text; the time limit of a test tells.
test.each<[string, string, Record<string, string>?]>([
  ['a text over the limit', `a: ${'x'.repeat(2000 * K)}`],
  ['braces without references', `receivers: {jsonl: {path: "${'}'.repeat(900 * K)}"}}`],
  ['references that never close', `receivers: {jsonl: {path: "${'${'.repeat(400 * K)}"}}`],
  ['escaped references', `receivers: {jsonl: {path: "${'$${a}'.repeat(150 * K)}"}}`],
  ['open lists', `a: ${'['.repeat(500 * K)}`],
  ['open maps', 'a: '.repeat(300 * K)],
  ['nested keys', `${'a::'.repeat(300 * K)}b: 1`],
  ['many nested keys', many(40_000, (i) => `receivers::x${i}::y: 1\n`)],
  ['many unknown keys', many(60_000, (i) => `x${i}: 1\n`)],
  ['many pipelines', `service:\n  pipelines:\n${many(30_000, (i) => `    traces/${i}: {}\n`)}`],
  [
    'many undefined references',
    `receivers:\n${many(20_000, (i) => `  nop/${i}: \n`)}service: {pipelines: {traces: {receivers: [${many(20_000, (i) => `nop/x${i},`)}]}}}`,
  ],
  ['a long number for a duration', `receivers: {typed: {wait: "${'1'.repeat(500 * K)}"}}`],
  ['a long fraction for a duration', `receivers: {typed: {wait: "0.${'1'.repeat(500 * K)}x"}}`],
  ['a long id', `receivers: {"${'n'.repeat(1000)}/${'p'.repeat(90)}": }`],
  ['a variable that holds itself deep inside', 'a: ${env:A}', { A: `${'['.repeat(150)}"\${env:A}"${']'.repeat(150)}` }],
])('%s ends in problems', async (_name, text, env = {}) => {
  const { config, problems } = await load(text, { env });
  expect(config).toBeUndefined();
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(201);
});

test('problems beyond the limit are counted', async () => {
  const { messages } = await load(`${WHOLE}${many(300, (i) => `x${i}: 1\n`)}`);
  expect(messages).toHaveLength(201);
  expect(messages.at(-1)).toBe('100 more problems are not shown');
});

test('--set with too many keys is refused', async () => {
  const { messages } = await load(WHOLE, { sets: [`${'a.'.repeat(50_000)}b=1`] });
  expect(messages[0]).toContain('for "--set" flag: too many keys');
});

test('a fraction with hundreds of digits is a duration', async () => {
  const text = `receivers: {nop: , typed: {wait: 0.${'5'.repeat(400)}s}}\nexporters: {nop: }\n${SERVICE}`;
  const { config } = await load(text);
  expect(config?.receivers.get('typed')?.config).toMatchObject({ wait: 555.555555 });
});

test('a later nested key wins over an earlier map, and an earlier one loses', async () => {
  const typed = async (lines: string): Promise<unknown> =>
    (
      await load(
        `receivers: {nop: }\nexporters: {nop: }\n${SERVICE}\n`.replace(
          'receivers: {nop: }',
          `receivers:\n  nop:\n${lines}`,
        ),
      )
    ).config?.receivers.get('typed')?.config;
  expect(await typed('  typed: {text: a, count: 1}\n  typed::text: b')).toMatchObject({ text: 'b', count: 1 });
  expect(await typed('  typed::text: b\n  typed: {text: a, count: 1}')).toMatchObject({ text: 'a', count: 1 });
});
