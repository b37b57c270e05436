// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configs look like placeholders of templates.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineReceiver } from '../../../core/component.ts';
import { Brought, coverUrl, coverUsers } from '../../../core/config/cover.ts';
import type { Registry } from '../../../core/config/index.ts';
import { otlpHttpExporter } from '../../../exporters/otlp_http/index.ts';
import { redactProcessor } from '../../../processors/redact/index.ts';
import { load, registry } from './setup.ts';

const TOKEN = 'supersecretTOKEN123456';

/** A receiver whose check tells all that it was given. */
const telling = defineReceiver({
  type: 'telling',
  summary: 'For tests.',
  stability: 'alpha',
  schema: {
    type: 'object',
    properties: { text: { type: 'string' }, tags: { type: 'object', additionalProperties: { type: 'string' } } },
  },
  emits: ['events'],
  check: (config) => [
    { path: ['text'], message: `text is ${config.text}, ${JSON.stringify(config)}`, hint: `not ${config.text}` },
    ...Object.keys(config.tags ?? {}).map((key) => ({ path: ['tags', key], message: `${key} is wrong` })),
  ],
  create: () => {
    throw new Error('not created');
  },
});

const all: Registry = {
  ...registry,
  receivers: [...registry.receivers, telling],
  processors: [redactProcessor],
  exporters: [...registry.exporters.filter(({ type }) => type !== 'otlp_http'), otlpHttpExporter],
};

async function told(telling: string, options: { env?: Record<string, string>; files?: Record<string, string> }) {
  const text = `receivers:\n  telling: ${telling}\nexporters: {nop: }\nservice: {pipelines: {traces: {receivers: [telling], exporters: [nop]}}}\n`;
  const loaded = await load(text, { registry: all, ...options });
  expect(loaded.config).toBeUndefined();
  return `${loaded.text}\n${JSON.stringify(loaded.problems)}`;
}

test.each<[string, string, { env?: Record<string, string>; files?: Record<string, string> }]>([
  ['a variable', '{text: "${env:T}"}', { env: { T: TOKEN } }],
  ['a variable inside text', '{text: "/x/${env:T}/y"}', { env: { T: TOKEN } }],
  ['a variable in a variable', '{text: "${env:A}"}', { env: { A: 'ab ${env:T} cd', T: TOKEN } }],
  ['a number', '{text: "n ${env:T}"}', { env: { T: '8412345' } }],
  ['a file with more lines', '{text: "${file:t}"}', { files: { t: `${TOKEN}\nsecond-line-8412345\n` } }],
  ['a text with quotes and dollars', '{text: "${env:T}"}', { env: { T: `${TOKEN}"$$x"` } }],
  ['a map, with its keys', '{tags: "${env:T}"}', { env: { T: `{${TOKEN}: second-8412345}` } }],
])('what came from %s is in no problem that a check finds', async (_name, telling, options) => {
  const text = await told(telling, options);
  expect(text).toContain('[REDACTED]');
  expect(text).not.toContain(TOKEN);
  expect(text).not.toContain('8412345');
});

test('what the config says itself, and names that any config has, are told', async () => {
  const text = await told('{text: "${env:M} written ${env:U:-default}"}', { env: { M: 'traces' } });
  expect(text).toContain('receivers::telling::text: text is traces written default');
  expect(text).toContain('not traces written default');
});

test('a file that is named by a variable is missing without being named', async () => {
  const text =
    'receivers: {nop: }\nexporters: {otlp_http: {endpoint: "http://127.0.0.1:1"}}\nservice: {pipelines: {traces: {receivers: [nop], exporters: [otlp_http]}}}\n';
  const sets = ['exporters.otlp_http.tls.ca_file=/x/${env:MYTOK}'];
  const { text: problems } = await load(text, { registry: all, sets, env: { MYTOK: TOKEN } });
  expect(problems).toContain('exporters::otlp_http::tls::ca_file: file /x/[REDACTED] is missing');
  expect(problems).not.toContain('supersecret');
});

test('a pattern that a variable holds is not shown when it cannot be read', async () => {
  const text =
    'receivers: {nop: }\nexporters: {nop: }\nprocessors: {redact: {patterns: [{name: a, regex: "(${env:MYTOK}"}]}}\nservice: {pipelines: {traces: {receivers: [nop], processors: [redact], exporters: [nop]}}}\n';
  const { text: problems } = await load(text, { registry: all, env: { MYTOK: TOKEN } });
  expect(problems).toContain('processors::redact::patterns');
  expect(problems).not.toContain('supersecret');
});

test('an address that is wrong is told without its password', async () => {
  const text =
    'receivers: {nop: }\nexporters:\n  otlp_http: {endpoint: "http://user:hunter2@127.0.0.1:bad"}\nservice: {pipelines: {traces: {receivers: [nop], exporters: [otlp_http]}}}\n';
  const { text: problems, problems: found } = await load(text, { registry: all });
  expect(problems).toContain('is not a URL');
  expect(problems + JSON.stringify(found)).not.toContain('hunter2');
});

test('a value is covered wherever it stands, also where values overlap', () => {
  const brought = new Brought(() => new Set(['full']));
  for (const value of ['abcdef', 'defghi', 'abc', 'full', '/var/data/a/b']) brought.add(value);
  expect(brought.cover('x abcdefghi y abcdef defghi')).toBe('x [REDACTED] y [REDACTED] [REDACTED]');
  expect(brought.cover('abc full')).toBe('abc full');
  expect(brought.cover('folder /var/data/a is missing')).toBe('folder [REDACTED] is missing');
  expect(brought.cover('folder /var/data/other is missing')).toBe('folder /var/data/other is missing');
});

test('no text shows a value of four characters or more', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '$', '"', '/'), minLength: 4, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 5 }),
      fc.string({ unit: fc.constantFrom('a', 'b', ' ') }),
      (values, between) => {
        const brought = new Brought(() => new Set());
        for (const value of values) brought.add(value);
        const text = brought.cover(values.join(between));
        for (const value of values) expect(text).not.toContain(value);
      },
    ),
    { seed: 5, numRuns: 500 },
  );
});

test.each([
  ['http://user:pw@h:1/x', 'http://[REDACTED]@h:1/x'],
  ['http://user:p@w@h', 'http://[REDACTED]@h'],
  ['http://h/x?api_key=k&b', 'http://h/x?api_key=[REDACTED]&[REDACTED]'],
  ['http://h/x?k#token', 'http://h/x?[REDACTED]#[REDACTED]'],
  ['http://h/a@b', 'http://h/a@b'],
  ['http://127.0.0.1:4318', 'http://127.0.0.1:4318'],
])('%s is shown as %s', (url, want) => {
  expect(coverUrl(url)).toBe(want);
});

test('users of addresses are covered in any text', () => {
  expect(coverUsers('to amqp://u:p@ss@h/v and HTTP://t@h, a@b')).toBe(
    'to amqp://[REDACTED]@h/v and HTTP://[REDACTED]@h, a@b',
  );
});
