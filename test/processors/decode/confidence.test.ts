import { expect, test } from 'vitest';
import { assess, fingerprintOf, isKnownModel, type Seen } from '../../../processors/decode/confidence.ts';

const BEST: Seen = {
  host: 'listed',
  provider: 'openai',
  flavour: 'openai.chat',
  body: 'shape',
  fingerprint: 'openai-beta',
  knownModel: true,
  unresolved: false,
  missing: [],
};
const BARE = { fingerprint: undefined, knownModel: false } as const;

test.each<{ name: string; seen: Partial<Seen>; level: string; method: string }>([
  { name: 'all that speaks for it', seen: {}, level: 'high', method: 'known_endpoint' },
  { name: 'host and body', seen: BARE, level: 'high', method: 'known_endpoint' },
  { name: 'a host by config', seen: { ...BARE, host: 'alias' }, level: 'high', method: 'known_endpoint' },
  { name: 'a port and a body', seen: { ...BARE, host: 'port' }, level: 'high', method: 'known_endpoint' },
  { name: 'host and a cut body', seen: { ...BARE, body: 'words' }, level: 'high', method: 'known_endpoint' },
  { name: 'a host alone', seen: { ...BARE, body: 'other' }, level: 'medium', method: 'known_endpoint' },
  {
    name: 'a port and a cut body',
    seen: { ...BARE, host: 'port', body: 'words' },
    level: 'medium',
    method: 'known_endpoint',
  },
  {
    name: 'a host with an unresolved head',
    seen: { ...BARE, body: 'words', unresolved: true },
    level: 'medium',
    method: 'known_endpoint',
  },
  { name: 'a port that others use too', seen: { host: 'guess' }, level: 'medium', method: 'payload_inspection' },
  { name: 'a body alone', seen: { ...BARE, host: 'unknown' }, level: 'medium', method: 'payload_inspection' },
  { name: 'everything but the host', seen: { host: 'unknown' }, level: 'medium', method: 'payload_inspection' },
  {
    name: 'headers and model of a cut body',
    seen: { host: 'unknown', body: 'words' },
    level: 'medium',
    method: 'header_fingerprint',
  },
  {
    name: 'headers alone',
    seen: { host: 'unknown', body: 'other', knownModel: false },
    level: 'low',
    method: 'header_fingerprint',
  },
  { name: 'a cut body', seen: { ...BARE, host: 'unknown', body: 'words' }, level: 'low', method: 'content_pattern' },
  {
    name: 'a model alone',
    seen: { host: 'unknown', body: 'other', fingerprint: undefined },
    level: 'low',
    method: 'model_string_match',
  },
  { name: 'a path alone', seen: { ...BARE, host: 'unknown', body: 'other' }, level: 'low', method: 'heuristic' },
])('$name: $level by $method', ({ seen, level, method }) => {
  expect(assess({ ...BEST, ...seen })).toMatchObject({ level, method });
});

test('the reasons name what was seen', () => {
  expect(assess(BEST).reasons).toEqual([
    'host of openai',
    'path of openai.chat',
    'body of openai.chat',
    'header openai-beta',
    'name of a known model',
  ]);
  const little = { ...BEST, ...BARE, host: 'unknown', provider: undefined, body: 'other' } as const;
  expect(assess(little).reasons).toEqual(['path of openai.chat']);
});

test.each([
  ['request body: unsupported coding', 'content coding cannot be read'],
  ['response body: damaged coding', 'content coding is damaged'],
  ['request body: too large', 'body is cut at the size limit'],
  ['response body: lost', 'bytes were lost before they were captured'],
  ['request headers: 3 unresolved', 'header fields refer to a part of the connection that was not seen'],
  ['end of response', 'the answer broke off or the capture ended'],
  ['response', 'no answer was seen'],
])('%s means: %s', (word, limitation) => {
  expect(assess({ ...BEST, missing: [word] })).toMatchObject({ missing: [word], limitations: [limitation] });
});

test('more evidence never lowers the level', () => {
  const order = ['low', 'medium', 'high'];
  const rank = (seen: Seen): number => order.indexOf(assess(seen).level);
  for (const host of ['unknown', 'port', 'listed'] as const)
    for (const body of ['other', 'words', 'shape'] as const)
      for (const knownModel of [false, true]) {
        const without = { ...BEST, host, body, knownModel, fingerprint: undefined };
        expect(rank({ ...without, fingerprint: 'openai-beta' })).toBeGreaterThanOrEqual(rank(without));
        expect(rank(without)).toBeGreaterThanOrEqual(rank({ ...without, unresolved: true }));
        expect(rank({ ...without, host: 'listed' })).toBeGreaterThanOrEqual(rank(without));
        expect(rank({ ...without, body: 'shape' })).toBeGreaterThanOrEqual(rank(without));
      }
});

test.each([
  [{ 'anthropic-version': '2023-06-01' }, 'anthropic-version'],
  [{ 'user-agent': 'OpenAI/JS 6.49.0' }, 'user-agent'],
  [{ 'user-agent': 'ai-sdk/openai/3.0.141' }, 'user-agent'],
  [{ 'user-agent': 'curl/8' }, undefined],
  [{}, undefined],
])('the fingerprint of %j is %s', (headers, want) => {
  expect(fingerprintOf(new Map(Object.entries(headers)))).toBe(want);
});

test.each([
  ['gpt-5', true],
  ['claude-x', true],
  ['us.anthropic.claude-sonnet-4', true],
  ['openai/gpt-4o', true],
  ['accounts/fireworks/models/llama-v3', true],
  ['o3', true],
  ['octopus', false],
  ['my-model', false],
  [undefined, false],
])('%s is a known model: %s', (model, want) => {
  expect(isKnownModel(model)).toBe(want);
});

// with a pattern that tries every way to cut a name these would never end
test.each(['.', 'a.', 'a/', 'a-', '::'])('a name of many %s is no known model', (part) => {
  expect(isKnownModel(part.repeat(256).slice(0, 256))).toBe(false);
});
