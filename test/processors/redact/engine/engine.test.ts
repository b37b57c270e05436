import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildAutomaton, fold } from '../../../../processors/redact/engine/automaton.ts';
import { CustomRule } from '../../../../processors/redact/engine/custom.ts';
import { Engine, merge, withLabels } from '../../../../processors/redact/engine/engine.ts';
import { coreRules } from '../../../../processors/redact/rules/index.ts';
import { GITHUB_TOKEN, OPENAI_KEY } from '../samples.ts';
import { SECRETS } from '../secrets.ts';

const rules = coreRules({ pii: true });
const engine = new Engine({ rules });

function folded(text: string): string {
  return [...text].map((char) => String.fromCharCode(fold(char.charCodeAt(0)))).join('');
}

describe('the automaton', () => {
  test('sees every anchor wherever it stands, in any case', () => {
    const unit = fc.constantFrom(...'abAB01-é');
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom(...'ab0-'), minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.string({ unit, maxLength: 40 }),
        (anchors, text) => {
          const { next, accepting, outputs } = buildAutomaton(
            anchors.map((anchor, index) => ({ text: anchor, index })),
          );
          const seen: string[] = [];
          let state = 0;
          for (let i = 0; i < text.length; i++) {
            const code = text.charCodeAt(i);
            state = code < 128 ? (next[(state << 7) | code] ?? 0) : 0;
            for (const { index, length } of outputs[state - accepting] ?? []) seen.push(`${i + 1 - length} ${index}`);
          }
          const wanted: string[] = [];
          for (let at = 0; at < text.length; at++) {
            for (const [index, anchor] of anchors.entries()) {
              if (folded(text.slice(at, at + anchor.length)) === folded(anchor)) wanted.push(`${at} ${index}`);
            }
          }
          expect(new Set(seen)).toEqual(new Set(wanted));
          expect(seen).toHaveLength(wanted.length);
        },
      ),
    );
  });

  test('an anchor that is not ASCII is refused', () => {
    expect(() => buildAutomaton([{ text: 'schlüssel', index: 0 }])).toThrow(RangeError);
  });
});

describe('the engine', () => {
  const pieces = fc.oneof(
    fc.constantFrom(...SECRETS.map(([, secret]) => secret)),
    fc.string({ maxLength: 20 }),
    fc.constantFrom('password=', 'token: "', 'sk-', '\\n', 'eyJ', '://', '@', 'Bearer ', '4111 ', '"', '-----BEGIN '),
  );

  test('findings are in order, apart, inside the text, and the rest of the text stays', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join(' ');
        const { text: out, findings } = engine.replace(text);
        let from = 0;
        let rebuilt = '';
        for (const { start, end, rule } of findings) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          rebuilt += text.slice(from, start) + rule.label;
          from = end;
        }
        expect(out).toBe(rebuilt + text.slice(from));
        expect(from).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  test('a second search finds nothing but what a label stands in', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const once = engine.replace(parts.join(' ')).text;
        // a quote that never closes may take in a label and what stands behind it
        for (const { start, end } of engine.find(once)) expect(once.slice(start, end)).toMatch(/\[[A-Z_]+_REDACTED\]/);
      }),
      { numRuns: 500 },
    );
  });

  test('a secret keeps being found behind any number of others', () => {
    const text = `${`${GITHUB_TOKEN}\n`.repeat(500)}${OPENAI_KEY}`;
    expect(engine.find(text)).toHaveLength(501);
  });

  test('a value longer than the bound of its pattern goes as a whole', () => {
    expect(engine.replace(`password=${'aB3'.repeat(400)} end`).text).toBe('password=[PASSWORD_REDACTED] end');
    expect(engine.replace(`{"secret":"${'aB3'.repeat(400)}"}`).text).toBe('{"secret":"[TOKEN_REDACTED]"}');
  });

  test('what is allowed stays', () => {
    const lenient = new Engine({ rules, allow: [GITHUB_TOKEN, '*@example.com'] });
    expect(lenient.replace(`${GITHUB_TOKEN} a@example.com a@example.org`).text).toBe(
      `${GITHUB_TOKEN} a@example.com [EMAIL_REDACTED]`,
    );
  });

  test('findings that overlap become one under the first label', () => {
    const of = (start: number, end: number, label: string) => ({ start, end, rule: { type: label, label } });
    const merged = merge([of(5, 9, 'B'), of(0, 3, 'A'), of(7, 12, 'C')]);
    expect(withLabels('0123456789abcdef', merged)).toBe('A34Bcdef');
  });
});

describe('patterns of the config', () => {
  test('are replaced beside the core rules', () => {
    const custom = [new CustomRule({ name: 'ticket', regex: 'ACME-[0-9]+' })];
    const both = new Engine({ rules, custom });
    expect(both.replace(`see ACME-123 and ${GITHUB_TOKEN}`).text).toBe(
      'see [CUSTOM_REDACTED] and [GITHUB_TOKEN_REDACTED]',
    );
  });

  test('with a keyword are tried only where the keyword stands, in any case', () => {
    const rule = new CustomRule({ name: 'n', regex: '[0-9]+', keyword: 'Order.' });
    expect(rule.find('number 12')).toEqual([]);
    expect(rule.find('ORDER. 12')).toEqual([{ start: 7, end: 9 }]);
  });

  test('that backtrack without end run in linear time', () => {
    const rule = new CustomRule({ name: 'bad', regex: '(a+)+$' });
    expect(rule.find(`${'a'.repeat(5000)}!`)).toEqual([]);
  });

  test('find what lies behind the first window', () => {
    const rule = new CustomRule({ name: 'n', regex: 'ACME-[0-9]+' });
    const at = (1 << 20) - 3;
    const found = rule.find(`${'x'.repeat(at)}ACME-77 ${'y'.repeat(1 << 20)}ACME-5`);
    expect(merge(found.map((f) => ({ ...f, rule })))).toMatchObject([
      { start: at, end: at + 7 },
      { start: at + 8 + (1 << 20), end: at + 14 + (1 << 20) },
    ]);
  });

  test.each(['(?=a)b', '(a)\\1', '(', 'a*'])('%s is refused', (regex) => {
    expect(() => new CustomRule({ name: 'n', regex })).toThrow(SyntaxError);
  });
});
