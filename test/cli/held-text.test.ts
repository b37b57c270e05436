import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeldSink, HeldText } from '../../cli/held-text.ts';

const LINES = fc.array(
  fc.array(fc.stringMatching(/^[a-z]{0,8}$/), { maxLength: 4 }).map((lines) => `${lines.join('\n')}\n`),
);

test('what waits is the end of what was written, from the begin of a line on, and never more than the limit', () => {
  fc.assert(
    fc.property(LINES, fc.integer({ min: 1, max: 60 }), (texts, limit) => {
      let out = '';
      const held = new HeldText((text) => {
        out += text;
      }, limit);
      held.hold();
      for (const text of texts) held.write(text);
      expect(out).toBe('');
      held.release();
      const whole = texts.join('');
      const [, leftOut, kept = ''] = /^… (\d+) characters before this were left out\n(.*)$/s.exec(out) ?? [];
      if (leftOut === undefined) {
        expect(whole.length > limit ? '' : whole).toBe(out);
        return;
      }
      expect(kept.length).toBeLessThanOrEqual(limit);
      expect(whole.slice(Number(leftOut))).toBe(kept);
      expect(whole[Number(leftOut) - 1]).toBe('\n');
    }),
  );
});

test('text passes before and after', () => {
  const out: string[] = [];
  const held = new HeldText((text) => out.push(text));
  held.write('a');
  held.hold();
  held.write('b');
  held.hold();
  held.write('c');
  held.release();
  held.release();
  held.write('d');
  expect(out).toEqual(['a', 'bc', 'd']);
});

test('a sink that nobody reads any more says so when the text goes out', async () => {
  const sink = new HeldSink({ columns: 0, isTerminal: true, write: () => Promise.reject(new Error('EPIPE')) });
  expect(sink.columns).toBeUndefined();
  sink.hold();
  await sink.write('a');
  await expect(sink.release()).rejects.toThrow('EPIPE');
  await expect(sink.write('b')).rejects.toThrow('EPIPE');
});
