import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importBundle } from '../../cli/oisp-bundle.ts';
import { hostOfRegex } from '../../cli/oisp-regex.ts';
import { importReport, providersText } from '../../cli/providers-text.ts';
import { readProviders } from '../../core/index.ts';
import { SENSOR, SITE, SPEC } from './bundles.ts';

function imported(bundle: unknown) {
  const found = importBundle(bundle);
  if (found === undefined) throw new Error('no bundle');
  return found;
}

describe('the form of the sensor', () => {
  const bundle = imported(SENSOR);

  test('gives what is not known yet, and models', () => {
    expect(bundle).toMatchObject({ version: '1.0.0', date: '2025-12-23', hosts: 4, models: 3, priced: 3 });
    expect(Object.fromEntries(bundle.providers)).toEqual({
      aws_bedrock: { hosts: ['bedrock.*.amazonaws.com'] },
      newcloud: {
        title: 'New Cloud',
        hosts: ['api.newcloud.example', 'eu-*.newcloud.example'],
        models: { large: { prices: [{ input: 0.09, output: 0.29 }] } },
      },
      newlocal: { ports: [5555] },
      openai: {
        models: {
          'gpt-z': {
            context_window: 128_000,
            max_output_tokens: 2_000_000,
            capabilities: ['vision', 'function_calling'],
            prices: [{ input: 2.5, output: 10 }],
          },
        },
      },
      together: { models: { m: { prices: [{ input: 1 }] } } },
    });
  });

  test('names all that is left out, and why', () => {
    expect(Object.fromEntries(bundle.leftOut)).toEqual({
      'hosts that are known already': ['api.openai.com', 'localhost:11434', '^.*\\.openai\\.azure\\.com$'],
      'patterns that cannot be used: "(a|b)\\\\.newcl" is more than a pattern can say': [
        '^(a|b)\\.newcloud\\.example$',
      ],
      'patterns that cannot be used: not anchored at its end': ['^api\\.newcloud\\.example'],
      'hosts that cannot be used: takes too many hosts': ['^.*$'],
      'models that are not priced by tokens': ['newcloud/draw'],
      'models of providers that have no host': ['nobody/model'],
      'rules and fingerprints for parsing: decode knows the APIs itself': ['extraction_rules', 'fingerprints'],
    });
    const report = importReport(bundle);
    expect(report).toContain('OISP bundle 1.0.0 of 2025-12-23: took 5 providers, 4 hosts, 3 models (3 with a price).');
    for (const names of bundle.leftOut.values()) for (const name of names) expect(report).toContain(name);
  });
});

test('the form of the spec gives rates of caches', () => {
  const bundle = imported(SPEC);
  expect(bundle.date).toBe('2026-01-01');
  expect(bundle.providers.get('newcloud')?.models).toEqual({
    large: { prices: [{ input: 1.1, output: 5.5, cache_read: 0.11, cache_write: 1.25 }] },
  });
});

test('the form of the site: providers go by the names that they have here, and hosts come from addresses too', () => {
  const bundle = imported(SITE);
  expect(Object.fromEntries(bundle.providers)).toEqual({
    moonshot: { models: { 'kimi-z': { family: 'kimi', prices: [{ input: 0.6, output: 2.5, reasoning: 3 }] } } },
    newcloud: { title: 'New Cloud', hosts: ['*.region.newcloud.example', 'api.newcloud.example'] },
    p_302ai: { title: '302.AI', hosts: ['api.302.example'] },
  });
  expect(bundle.leftOut.get('models whose id a file cannot hold')).toEqual(['302ai/a::b']);
  expect(bundle.leftOut.get('models of providers that have no host')).toEqual(['nohost/m']);
});

test.each([SENSOR, SPEC, SITE])('the file that is written is one that is read, with all that was taken', (raw) => {
  const bundle = imported(raw);
  const read = readProviders('out.yaml', providersText(bundle), new Set());
  if ('problems' in read) throw new Error(read.problems[0]?.message);
  expect(Object.keys(read.entries)).toEqual([...bundle.providers.keys()]);
  for (const [name, entry] of bundle.providers) {
    const origin = { source: `OISP bundle ${bundle.version}`, date: bundle.date };
    expect(JSON.parse(JSON.stringify(read.entries[name]))).toEqual({ ...origin, ...entry });
  }
});

test.each([undefined, null, 1, 'x', [], {}, { domain_index: [] }, { domain_lookup: 'x' }, { models: {} }])(
  '%j is no bundle',
  (value) => {
    expect(importBundle(value)).toBeUndefined();
  },
);

describe('a regular expression of a host', () => {
  test.each([
    ['^.*\\.openai\\.azure\\.com$', '*.openai.azure.com'],
    ['.*\\.openai\\.azure\\.com$', '*.openai.azure.com'],
    ['^bedrock\\-runtime\\..*\\.amazonaws\\.com$', 'bedrock-runtime.*.amazonaws.com'],
    ['^bedrock-runtime\\.[a-z0-9-]+\\.amazonaws\\.com$', 'bedrock-runtime.*.amazonaws.com'],
    ['^[^.]+\\.x\\.com$', '*.x.com'],
    ['^r\\d+\\.x\\.com$', 'r*.x.com'],
    ['^localhost:11434$', 'localhost:11434'],
  ])('%s is %s', (regex, host) => {
    expect(hostOfRegex(regex)).toEqual({ host });
  });

  test.each([
    '^api\\.x\\.com',
    '^api\\.x\\.com\\$',
    'api.x.com$',
    '^(a|b)\\.x\\.com$',
    '^a?\\.x\\.com$',
    '^a{3}\\.x\\.com$',
    '^(?=a).*\\.x\\.com$',
    '^a+\\.x\\.com$',
    '^[^a]+\\.x\\.com$',
    '^(a+)+$',
    `^${'a'.repeat(600)}$`,
    '',
    '$',
  ])('%s is refused', (regex) => {
    const read = hostOfRegex(regex);
    expect('why' in read || read.host === '').toBe(true);
  });

  test('never takes fewer letters than it says, and any text gives an answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.*\\+[]()^$-d?{}|'), maxLength: 20 }), (regex) => {
        const read = hostOfRegex(regex);
        if ('host' in read) expect(read.host).toMatch(/^[a-zA-Z0-9_:.*-]*$/);
      }),
    );
  });
});

describe('a bundle that somebody changed', () => {
  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '<<',
      'a::b',
      '*',
      '\n  evil: [',
      `$${'{env:SECRET}'}`,
      '\u001b[31m',
      '\ud800',
      -1,
      1e308,
    ),
  );

  /** Puts junk for one value somewhere in a copy, or under a new key. */
  function changed(value: unknown, path: readonly number[], put: unknown, key: string): unknown {
    const [step, ...rest] = path;
    if (typeof value !== 'object' || value === null || step === undefined) return put;
    const keys = Object.keys(value);
    const at = keys[step % (keys.length + 1)];
    const copy: object = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    const name = at ?? (Array.isArray(value) ? String(keys.length) : key);
    Object.defineProperty(copy, name, {
      value: at === undefined ? put : changed(Reflect.get(value, at), rest, put, key),
      enumerable: true,
      writable: true,
      configurable: true,
    });
    return copy;
  }

  test('gives a file that can be read, or says that it is none', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<unknown>(SENSOR, SPEC, SITE),
        fc.array(fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }), junk, fc.string({ maxLength: 20 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (bundle, changes) => {
          const raw = changes.reduce((value, [path, put, key]) => changed(value, path, put, key), bundle);
          const found = importBundle(JSON.parse(JSON.stringify(raw) ?? 'null'));
          if (found === undefined) return;
          const read = readProviders('out.yaml', providersText(found), new Set());
          expect('problems' in read ? read.problems : []).toEqual([]);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
          expect(importReport(found)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
        },
      ),
      { numRuns: 400 },
    );
  });
});
