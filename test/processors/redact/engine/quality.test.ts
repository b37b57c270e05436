import { expect, test } from 'vitest';
import { Engine } from '../../../../processors/redact/engine/engine.ts';
import { coreRules } from '../../../../processors/redact/rules/index.ts';
import { coreOf, LOOK_ALIKES, SECRETS, WRAPPINGS } from '../secrets.ts';

const engine = new Engine({ rules: coreRules({ pii: true }) });

/** Whether any eight characters of the secret are left. */
function leaks(text: string, secret: string): boolean {
  const core = coreOf(secret);
  const size = Math.min(8, core.length);
  for (let i = 0; i + size <= core.length; i++) if (text.includes(core.slice(i, i + size))) return true;
  return false;
}

test.each(Object.keys(WRAPPINGS))('every made secret is replaced as %s', (wrapping) => {
  const wrap = WRAPPINGS[wrapping] ?? String;
  const missed = SECRETS.filter(([, secret]) => leaks(engine.replace(wrap(secret)).text, secret)).map(([kind]) => kind);
  expect(missed).toEqual([]);
});

test('the text around a secret stays', () => {
  for (const [kind, secret] of SECRETS) {
    const { text } = engine.replace(`here it is ${secret} and more`);
    expect(text, kind).toMatch(/^here it is .*\[[A-Z_]+_REDACTED\].* and more$/s);
  }
});

test('look-alikes are left alone', () => {
  const taken = LOOK_ALIKES.filter((text) => engine.find(text).length > 0).map((text) => engine.replace(text).text);
  expect(taken).toEqual([]);
});
