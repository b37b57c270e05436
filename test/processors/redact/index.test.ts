import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../../core/config/index.ts';
import { defineExporter, defineReceiver } from '../../../core/index.ts';
import { CollectingSink, makeContext } from '../../../core/testing/index.ts';
import { redactProcessor } from '../../../processors/redact/index.ts';
import { ANTHROPIC_KEY, OPENAI_KEY, requestWith, stringsOf } from './samples.ts';

const never = (): never => {
  throw new Error('this test creates only the processor');
};
const common = { summary: 'Nothing.', stability: 'stable', schema: { type: 'object', properties: {} } } as const;
const registry = {
  receivers: [defineReceiver({ ...common, type: 'nop', emits: ['events'], create: never })],
  processors: [redactProcessor],
  exporters: [defineExporter({ ...common, type: 'nop', takes: () => ['events'], create: never })],
  connectors: [],
  extensions: [],
};

/** What a config of `redact` decodes to, and its problems as a user sees them. */
async function load(redact: string) {
  const text = `receivers: {nop: }\nexporters: {nop: }\nprocessors:\n  ${redact.trim().replaceAll('\n', '\n  ')}\nservice: {pipelines: {logs: {receivers: [nop], processors: [redact], exporters: [nop]}}}\n`;
  const { config, problems } = await loadConfig({
    sources: ['a.yaml'],
    sets: [],
    registry,
    env: { REDACT_HASH_KEY: 'k'.repeat(32) },
    cwd: '/',
    readFile: () => Promise.resolve(text),
  });
  const decoded = config?.processors.get('redact')?.config;
  return { decoded, problems: problems.map(formatProblem).join('\n') };
}

async function redacted(yaml: string, said: string): Promise<string> {
  const { decoded, problems } = await load(yaml);
  if (decoded === undefined) throw new Error(problems);
  const { context } = makeContext();
  const sink = new CollectingSink();
  // decoded by the processor's own schema
  const processor = redactProcessor.create(context, decoded as never, sink);
  await processor.consume({ signal: 'events', events: [requestWith(() => said)] });
  return stringsOf(sink.events[0]?.data).join('\n');
}

const SAID = `a question of ${ANTHROPIC_KEY} by bob@example.com about ACME-77`;

test('without a config content does not leave', async () => {
  expect(await redacted('redact:', SAID)).not.toMatch(/question|bob|ACME/);
});

test('the mode full keeps content, addresses only unless pii is "true"', async () => {
  expect(await redacted('redact: {mode: full}', SAID)).toContain('a question of [API_KEY_REDACTED] by bob@example.com');
  expect(await redacted('redact: {mode: full, pii: "true"}', SAID)).toContain('by [EMAIL_REDACTED] about');
});

test('the config of the README does what it says', async () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../processors/redact/README.md'), 'utf8');
  const block = /```yaml\nprocessors:\n([\s\S]*?)```/.exec(readme)?.[1];
  if (block === undefined) throw new Error('no YAML block');
  const out = await redacted(block.replace(/^ {2}/gm, ''), SAID);
  expect(out).toContain('a question of [API_KEY_REDACTED] by bob@example.com about [CUSTOM_REDACTED]');
});

test('pii without quotes is a problem that says what to write', async () => {
  expect((await load('redact: {mode: full, pii: true}')).problems).toContain('write "true" in quotes');
});

test('patterns and keys that cannot work are problems with place and remedy', async () => {
  const { problems } = await load(
    "redact: {hash_key: short, allow: ['*'], patterns: [{name: a, regex: '(?=x)y'}, {name: b, regex: '('}, {name: c, regex: 'ok+', keyword: ö}]}",
  );
  expect(problems).toMatch(/hash_key.*less than 16 characters/);
  expect(problems).toMatch(/patterns.*cannot run in linear time/);
  expect(problems).toMatch(/leave out look-around/);
  expect(problems).toMatch(/not a usable regular expression/);
  expect(problems).toMatch(/not printable ASCII/);
  expect(problems).toMatch(/allow every finding/);
  expect(problems).not.toContain('short');
});

test('a key makes the same hashes after a restart, no key other ones', async () => {
  const keyed = 'redact: {hash_key: 0123456789abcdef}';
  expect(await redacted(keyed, OPENAI_KEY)).toBe(await redacted(keyed, OPENAI_KEY));
  expect(await redacted('redact:', OPENAI_KEY)).not.toBe(await redacted('redact:', OPENAI_KEY));
});
