import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonStart } from '../../../../processors/decode/orphan/json-start.ts';

test.each([
  ['{"a":1,"b":[1,2', { a: 1, b: [1] }],
  ['{"a":{"b":"some te', { a: { b: 'some te' } }],
  ['{"a":"x","b', { a: 'x' }],
  ['{"a":"x","b":', { a: 'x' }],
  ['{"a":"x\\', {}],
  ['{"a":"x","b":"\\u00', { a: 'x' }],
  ['{"a":[{"b":true},{"c":fal', { a: [{ b: true }, {}] }],
  ['{', {}],
  ['[{"a":1},{"b":2}]', { a: 1 }],
])('%s begins with what came', (text, want) => {
  expect(jsonStart(text)?.value).toEqual(want);
});

test('an object that is whole is read up to its end', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (value, rest) => {
      const text = JSON.stringify(value);
      expect(jsonStart(text + rest)).toEqual({ value: JSON.parse(text), isWhole: true });
    }),
  );
});

test('what is cut anywhere is the start of what is whole', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, at) => {
      const text = JSON.stringify(value);
      const start = jsonStart(text.slice(0, 1 + (at % text.length)));
      expect(start?.value).toBeDefined();
      for (const key of Object.keys(start?.value ?? {})) expect(Object.hasOwn(JSON.parse(text), key)).toBe(true);
    }),
  );
});

test('no text ends in an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\au1 '.split('')) }), (text) => {
      expect(() => jsonStart(text)).not.toThrow();
    }),
  );
});
