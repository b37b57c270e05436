// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configs look like placeholders of templates.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printConfig } from '../../../core/config/index.ts';
import { load, SERVICE, WHOLE } from './setup.ts';

const TEXT = `receivers:
  nop:
  typed: {text: a, token: hunter2, headers: {authorization: "Bearer hunter2", empty: ""}, wait: 90s, room: 1MiB, waits: [1s, 0.5s]}
exporters: {nop: }
${SERVICE}
`;

test('defaults are filled in and secrets are covered', async () => {
  const { config } = await load(TEXT);
  const text = config === undefined ? '' : printConfig(config, 'redacted', 'yaml');
  expect(text).not.toContain('hunter2');
  expect(text).toContain('token: "[REDACTED]"');
  expect(text).toContain('authorization: "[REDACTED]"');
  expect(text).toContain('wait: 1m30s');
  expect(text).toContain('room: 1MiB');
  expect(text).toContain('level: basic');
  expect(text).toContain('shutdown_timeout: 10s');
});

test.each(['yaml', 'json'] as const)('what is printed in full as %s loads as the same config', async (format) => {
  const { config } = await load(TEXT);
  if (config === undefined) throw new Error('the config of this test does not load');
  const again = await load(printConfig(config, 'unredacted', format));
  expect(again.text).toBe('');
  expect(again.config?.receivers.get('typed')?.config).toEqual(config.receivers.get('typed')?.config);
});

test('any text survives being printed and loaded', async () => {
  const { config } = await load(WHOLE.replace('{nop: }', '{nop: , typed: {text: x}}'));
  const typed = config?.receivers.get('typed');
  if (config === undefined || typed === undefined) throw new Error('the config of this test does not load');
  const odd = fc.constantFrom(
    '$',
    '$$',
    '${env:X}',
    '0123',
    'yes',
    'null',
    '~',
    '1_000',
    '2001-01-01',
    '1e3',
    'a: b',
    '- x',
    '#',
    ' x ',
    'a\nb',
    '::',
    '.5',
    '0x1F',
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(odd, fc.string()), async (text) => {
      const changed = {
        ...config,
        receivers: new Map([...config.receivers, ['typed', { ...typed, config: { text, tags: { a: text } } }]]),
      };
      const again = await load(printConfig(changed, 'unredacted', 'yaml'));
      expect(again.text).toBe('');
      expect(again.config?.receivers.get('typed')?.config).toMatchObject({ text, tags: { a: text } });
    }),
    { seed: 3, numRuns: 200 },
  );
});

const ADDRESSES = `receivers: {nop: , typed: {text: "see ftp://me:hunter2@h/x", tags: {a: "https://hunter2@h"}}}
exporters: {nop: , otlp_http: {endpoint: "http://user:\${env:MYTOK}@127.0.0.1:1/x?api_key=\${env:MYTOK}&v=2"}}
${SERVICE}
`;

test('credentials in addresses are covered, and the rest of the address stays', async () => {
  const { config } = await load(ADDRESSES, { env: { MYTOK: 'hunter2' } });
  const text = config === undefined ? '' : printConfig(config, 'redacted', 'yaml');
  expect(text).not.toContain('hunter2');
  expect(text).toContain('endpoint: http://[REDACTED]@127.0.0.1:1/x?api_key=[REDACTED]&v=[REDACTED]');
  expect(text).toContain('text: see ftp://[REDACTED]@h/x');
  expect(text).toContain('a: https://[REDACTED]@h');
  expect((await load(text)).text).toBe('');
});

test('credentials in addresses are printed when asked for', async () => {
  const { config } = await load(ADDRESSES, { env: { MYTOK: 'hunter2' } });
  const text = config === undefined ? '' : printConfig(config, 'unredacted', 'yaml');
  expect(text).toContain('http://user:hunter2@127.0.0.1:1/x?api_key=hunter2&v=2');
  expect(text).toContain('ftp://me:hunter2@h/x');
});
