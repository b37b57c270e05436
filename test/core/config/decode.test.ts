import { describe, expect, test } from 'vitest';
import { decode } from '../../../core/config/decode.ts';
import { fromPlain } from '../../../core/config/node.ts';
import { Problems } from '../../../core/config/problem.ts';
import type { AnySchema } from '../../../core/config/schema.ts';
import { load, TYPED, typed } from './setup.ts';

const ERROR = Symbol('error');

describe('the same YAML against a string, an int, a bool and a duration', () => {
  test.each<[string, unknown, unknown, unknown, unknown]>([
    ['yes', 'yes', ERROR, ERROR, ERROR],
    ['on', 'on', ERROR, ERROR, ERROR],
    ['true', ERROR, ERROR, true, ERROR],
    ['0123', ERROR, 83, ERROR, 83e-6],
    ['1e3', ERROR, 1000, ERROR, 1e-3],
    ['1.0', ERROR, 1, ERROR, 1e-6],
    ['1.5', ERROR, 1, ERROR, 1e-6],
    ['0x1F', ERROR, 31, ERROR, 31e-6],
    ['1_000', ERROR, 1000, ERROR, 1e-3],
    ['2001-01-01', ERROR, ERROR, ERROR, ERROR],
    ['"12"', '12', ERROR, ERROR, ERROR],
    ['null', '', 0, true, 30_000],
    ['~', '', 0, true, 30_000],
    ['1h1h', '1h1h', ERROR, ERROR, 7_200_000],
    ['-1s', '-1s', ERROR, ERROR, -1000],
    ['.5s', '.5s', ERROR, ERROR, 500],
  ])('%s', async (yaml, text, count, flag, wait) => {
    for (const [field, want] of Object.entries({ text, count, flag, wait })) {
      const { value, loaded } = await typed(field, yaml);
      const got = loaded.problems.some((problem) => problem.severity === 'error') ? ERROR : value;
      expect(got, `${yaml} for ${field}: ${loaded.text}`).toEqual(want);
    }
  });
});

describe('errors have the words of the Collector', () => {
  test.each([
    ['text', 'true', "'text' expected type 'string', got unconvertible type 'bool'"],
    ['text', '0123', "'text' expected type 'string', got unconvertible type 'int'"],
    ['text', '1.5', "'text' expected type 'string', got unconvertible type 'float64'"],
    ['text', '2001-01-01', "'text' expected type 'string', got unconvertible type 'time.Time'"],
    ['text', '{a: 1}', "'text' expected type 'string', got unconvertible type 'map[string]interface {}'"],
    ['count', '"12"', "'count' expected type 'int', got unconvertible type 'string'"],
    ['flag', 'yes', "'flag' expected type 'bool', got unconvertible type 'string'"],
    ['flag', '5', "'flag' expected type 'bool', got unconvertible type 'int'"],
    ['nested', '{insecure: 1}', "'nested.insecure' expected type 'bool', got unconvertible type 'int'"],
    ['nested', '[a]', '\'nested\' expected a map or struct, got "slice"'],
    ['nested', '{insecur: true}', "'receivers.typed.nested' has invalid keys: insecur"],
    ['list', 'a', "'list' source data must be an array or slice, got string"],
    ['list', '[a, 5]', "'list[1]' expected type 'string', got unconvertible type 'int'"],
    ['wait', '5 sec', '"5 sec" is not a duration'],
    ['wait', '"12"', '"12" is not a duration'],
    ['room', '64 mb', '"64 mb" is not a size'],
    ['level', 'Basic', '"Basic" is not one of basic, normal, detailed'],
    ['ratio', '1.5', '1.5 is more than 1'],
    ['ratio', '.nan', 'NaN is not a finite number'],
    ['pattern', '"a("', '"a(" is not a regular expression'],
  ])('%s: %s', async (field, yaml, message) => {
    const { loaded } = await typed(field, yaml);
    expect(loaded.config).toBeUndefined();
    expect(loaded.messages).toEqual([message]);
  });
});

describe('what to write instead', () => {
  test.each([
    ['wait', '5 sec', 'write 5s'],
    ['wait', '5S', 'write 5s'],
    ['wait', '1d', 'write 24h'],
    ['wait', '"5"', 'write 5s'],
    ['room', '64 mb', 'write 64MiB'],
    ['level', 'norml', 'did you mean "normal"?'],
    ['flag', 'yes', 'write true or false'],
    ['count', '"12"', 'write the number without quotes'],
    ['text', '0123', 'write "0123" in quotes'],
    ['list', 'a', 'write [a]'],
    ['nested', '{insecur: true}', 'did you mean "insecure"?'],
  ])('%s: %s', async (field, yaml, hint) => {
    const { loaded } = await typed(field, yaml);
    expect(loaded.problems[0]?.hint).toBe(hint);
  });

  test('a duration without a unit is read as nanoseconds, with a warning', async () => {
    const { value, loaded } = await typed('wait', '5');
    expect(value).toBe(5e-6);
    expect(loaded.problems[0]).toMatchObject({
      severity: 'warning',
      message: '5 without a unit is nanoseconds',
      hint: 'write 5s or 5ms',
    });
    expect((await typed('wait', '0')).loaded.problems).toEqual([]);
  });

  test('a fraction for a whole number is cut, with a warning', async () => {
    const { value, loaded } = await typed('count', '1.5');
    expect(value).toBe(1);
    expect(loaded.messages).toEqual(['1.5 is cut to 1']);
  });

  test('a deprecated key is a warning', async () => {
    expect((await typed('old', 'x')).loaded.problems).toMatchObject([
      { severity: 'warning', message: "'old' is deprecated" },
    ]);
  });
});

describe('defaults', () => {
  test('every field that has a default is there, in its decoded form', async () => {
    const { loaded } = await typed('text', 'x');
    expect(loaded.config?.receivers.get('typed')?.config).toEqual({
      text: 'x',
      ratio: 0.5,
      flag: true,
      wait: 30_000,
      room: 64 * 1024 * 1024,
      level: 'basic',
      list: ['a', 'b'],
      headers: {},
      nested: { insecure: false, deep: { n: 7 } },
    });
  });

  test.each(['', '~', 'null'])('null for an object, a list or an enum gives the default (%s)', async (yaml) => {
    expect((await typed('nested', yaml)).value).toEqual({ insecure: false, deep: { n: 7 } });
    expect((await typed('list', yaml)).value).toEqual(['a', 'b']);
    expect((await typed('level', yaml)).value).toBe('basic');
  });
});

describe('secrets', () => {
  test.each([
    ['token', '[hunter2]'],
    ['token', '{hunter2: 1}'],
    ['token', '2001-01-01'],
    ['headers', 'hunter2'],
    ['headers', '[hunter2]'],
    ['headers', '{authorization: [hunter2]}'],
    ['headers', '{authorization: {hunter2: hunter2}}'],
    ['tokn', 'hunter2'],
    ['nested', '{insecure: 5, key: hunter2}'],
  ])('%s: %s is in no message, value, hint or frame', async (field, yaml) => {
    const { loaded } = await typed(field, yaml);
    expect(loaded.config).toBeUndefined();
    const said = JSON.stringify(loaded.problems) + loaded.text;
    expect(said).not.toMatch(/hunter2|2001/);
    expect(said).toContain('[REDACTED]');
  });

  test('a frame covers the secret beside the mistake', async () => {
    const { text } = await load('receivers: {typed: {count: many, token: hunter2, headers: {a: hunter2}}}');
    expect(text).toContain('receivers: {typed: {count: many, token: [REDACTED], headers: {a: [REDACTED]}}}');
    expect(text).not.toContain('hunter2');
  });
});

test('a key called __proto__ is a key like any other', async () => {
  const { value } = await typed('tags', '{__proto__: x, constructor: y}');
  expect(Object.entries(value as object)).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('a default that does not fit its own schema is a problem', () => {
  const schema: AnySchema = {
    type: 'object',
    properties: { wait: { type: 'string', format: 'duration', default: 'soon' } },
  };
  expect(problemsOf(schema)).toEqual(['"soon" is not a duration']);
  expect(problemsOf(TYPED)).toEqual([]);
});

function problemsOf(schema: AnySchema): string[] {
  const origin = { source: { name: 'x', text: '', order: 0 }, start: 0, end: 0 };
  const problems = new Problems();
  decode(fromPlain({}, origin), schema, { path: [], base: 0, key: origin }, problems);
  return problems.finish().map((problem) => problem.message);
}
