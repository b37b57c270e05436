import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonSplitter } from '../../../../processors/decode/body/json-array.ts';

it('cuts out the objects of an array or of lines, however the text is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      fc.boolean(),
      fc.integer({ min: 1, max: 30 }),
      (values, lines, size) => {
        const text = lines ? values.map((v) => JSON.stringify(v)).join('\n') : JSON.stringify(values, null, 1);
        const found: unknown[] = [];
        const splitter = new JsonSplitter((json) => found.push(JSON.parse(json)));
        for (let at = 0; at < text.length; at += size) splitter.push(text.slice(at, at + size));
        expect(JSON.stringify(found)).toBe(JSON.stringify(values));
        expect(splitter.size).toBe(0);
      },
    ),
  );
});

it('holds only what is not whole yet', () => {
  const splitter = new JsonSplitter(() => {});
  splitter.push('[{"a":1}, {"b":');
  expect(splitter.size).toBe(5);
});
