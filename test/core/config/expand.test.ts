// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configs look like placeholders of templates.
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../core/config/index.ts';
import { load, registry, typed } from './setup.ts';

const ENV = {
  ENV_VALUE: 'v',
  ENV_LIST: "['$$ESCAPE_ME','$${ESCAPE_ME}','$${env:ESCAPE_ME}']",
  ENV_MAP: "{'key1':'$$ESCAPE_ME','key2':'$${ESCAPE_ME}','key3':'$${env:ESCAPE_ME}'}",
  ONE_DOLLAR: 'here is 1 $$',
  TWO_DOLLARS: 'here are 2 $$$',
  NESTED: '${env:ENV_VALUE} x',
  NUMBER: '123',
  NAME: 'ENV_VALUE',
  EMPTY: '',
};

async function value(yaml: string, env: Record<string, string> = ENV): Promise<unknown> {
  const { plain, problems } = await resolveConfig({
    sources: [`yaml:key: ${yaml}`],
    sets: [],
    registry,
    env,
    cwd: '/',
    readFile: (path) =>
      path === '/secret'
        ? Promise.resolve('s3cret\n')
        : path === '/part.yaml'
          ? Promise.resolve('a: 1\nb: [x]\n')
          : Promise.reject(new Error('none')),
  });
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) return errors.map((problem) => problem.message).join('\n');
  return JSON.parse(JSON.stringify(plain)).key;
}

describe('substitution gives what the Collector gives', () => {
  test.each([
    ['"$$ENV_VALUE"', '$ENV_VALUE'],
    ['"$$$$ENV_VALUE"', '$$ENV_VALUE'],
    ['"$$${ENV_VALUE}"', '$v'],
    ['"some${ENV_VALUE}text"', 'somevtext'],
    ['"some$${ENV_VALUE}text"', 'some${ENV_VALUE}text'],
    ['"$${ONE}$${TWO}"', '${ONE}${TWO}'],
    ['"text$$"', 'text$'],
    ['"$$"', '$'],
    ['"$${1}$${env:2}"', '${1}${env:2}'],
    ['"some$${env:ENV_VALUE}text"', 'some${env:ENV_VALUE}text'],
    ['"$${env:${ENV_VALUE}}"', '${env:v}'],
    ['"$${env:$${ENV_VALUE}}"', '${env:${ENV_VALUE}}'],
    ['"env:MAP_VALUE_2}$${ENV_VALUE}{"', 'env:MAP_VALUE_2}${ENV_VALUE}{'],
    ['"$$${env:ENV_VALUE}"', '$v'],
    ['"$ENV_VALUE"', '$ENV_VALUE'],
    ['"${env:ENV_LIST}"', ['$ESCAPE_ME', '${ESCAPE_ME}', '${env:ESCAPE_ME}']],
    ['"${env:ENV_MAP}"', { key1: '$ESCAPE_ME', key2: '${ESCAPE_ME}', key3: '${env:ESCAPE_ME}' }],
    ['"${env:ONE_DOLLAR}"', 'here is 1 $'],
    ['"${env:TWO_DOLLARS}"', 'here are 2 $$'],
    ['"${env:NESTED}"', 'v x'],
    ['"${env:U:-$${env:U}}"', '${env:U}'],
    ['"${env:U:-def}"', 'def'],
    ['"${env:U:-}"', ''],
    ['"${env:U}"', null],
    ['"a${env:U}b"', 'ab'],
    ['"${env:EMPTY:-def}"', null],
    ['"${env:${NAME}}"', 'v'],
    ['${NUMBER}', 123],
    ['"a ${NUMBER} b"', 'a 123 b'],
    ['${env:NUMBER:-5}', 123],
    ['${file:/secret}', 's3cret'],
    ['Bearer ${file:/secret}', 'Bearer s3cret'],
    ['${file:/part.yaml}', { a: 1, b: ['x'] }],
    ['${yaml:[1, 2]}', [1, 2]],
    ['[a, "${ENV_VALUE}", {b: "${ENV_VALUE}"}]', ['a', 'v', { b: 'v' }]],
    [
      '"no ${ reference } here"',
      'cannot resolve the configuration: environment variable " reference " has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$',
    ],
    ['"open ${ only"', 'open ${ only'],
  ])('%s', async (yaml, want) => {
    expect(await value(yaml)).toEqual(want);
  });

  test('references are replaced inside what a reference brought in', async () => {
    const env = {
      ENV: '{env: "${env:ENV2}", inline: "inline ${env:ENV2}"}',
      ENV2: '{env2: "${env:ENV3}"}',
      ENV3: '{value: 123}',
    };
    expect(await value('${env:ENV}', env)).toEqual({
      env: { env2: { value: 123 } },
      inline: 'inline {env2: "{value: 123}"}',
    });
    const { value: text } = await typed('text', '${env:ENV}', env);
    expect(text).toBe('{env: "{env2: "{value: 123}"}", inline: "inline {env2: "{value: 123}"}"}');
  });

  test('a name in braces that does not parse is an error that shows how to write a default', async () => {
    const { text } = await load('receivers: {jsonl: {path: "${X:-def}"}}');
    expect(text).toContain('a.yaml:1:27  cannot resolve the configuration: invalid uri: "X:-def"; write ${env:X:-def}');
    expect((await load('a: ${FOO:-def}')).text).toContain(
      'scheme "FOO" is not supported for uri "FOO:-def"; write ${env:FOO:-def}',
    );
  });

  test('schemes of others and bad names are refused with the words of the Collector', async () => {
    expect(await value('${vault:secret}')).toBe(
      'cannot resolve the configuration: scheme "vault" is not supported for uri "vault:secret"',
    );
    expect(await value('${https://u:p@h/x?token=1}')).not.toMatch(/u:p|token/);
    expect(await value('${env:1BAD}')).toBe(
      'cannot resolve the configuration: environment variable "1BAD" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$',
    );
    expect(await value('${file:/none}')).toContain(
      'cannot resolve the configuration: unable to read the file file:/none',
    );
  });

  test.each([
    ['a reference to itself', { A: '${env:A}' }],
    ['a text that holds itself', { A: 'x${env:A}' }],
    ['a list that holds itself', { A: '["${env:A}", "${env:A}"]' }],
    ['texts that double', { A: '${env:B}${env:B}x', B: '${env:A}${env:A}x' }],
  ])('%s ends in an error', async (_name, env) => {
    expect(await value('${env:A}', env)).toContain('too many recursive expansions');
  });

  test('texts that grow eightfold per level end in an error', async () => {
    const env: Record<string, string> = { V0: 'xxxxxxxx' };
    for (let i = 1; i < 12; i += 1) env[`V${i}`] = `\${env:V${i - 1}}`.repeat(8);
    expect(await value('"${env:V11}."', env)).toContain('too many recursive expansions');
  });

  test('an unset variable is a warning at the reference, once per place', async () => {
    const { problems, text } = await load(
      'receivers:\n  nop:\n  typed: {text: "${env:U} ${env:U}"}\nexporters: {nop: }\nservice: {pipelines: {traces: {receivers: [nop], exporters: [nop]}}}',
    );
    expect(problems).toHaveLength(1);
    expect(text).toBe(
      'a.yaml:3:17  warning: receivers.typed.text: Configuration references unset environment variable "U"; set it, or write ${env:U:-default}\n' +
        '    typed: {text: "${env:U} ${env:U}"}\n' +
        '                  ^',
    );
  });
});

describe('whole values from the environment keep their text for fields that want text', () => {
  const bool = 'true # comment with a ${env:hello.world} reference';
  test.each([
    ['123', 'count', 123],
    ['123', 'text', '123'],
    ['0123', 'count', 83],
    ['0123', 'text', '0123'],
    ['0xdeadbeef', 'count', 3735928559],
    ['0xdeadbeef', 'text', '0xdeadbeef'],
    ['"0123"', 'text', '"0123"'],
    ['"0123"', 'count', undefined],
    ['!!str 0123', 'text', '!!str 0123'],
    ['t', 'flag', undefined],
    ['23', 'flag', undefined],
    ['123', 'flag', undefined],
    ['1111:1111:1111:1111:1111::', 'text', '1111:1111:1111:1111:1111::'],
    ['2006-01-02T15:04:05Z07:00', 'text', '2006-01-02T15:04:05Z07:00'],
    ['123', 'wait', 0.000123],
    [bool, 'flag', true],
    [bool, 'text', undefined],
  ])('%s for %s', async (env, field, want) => {
    expect((await typed(field, '${env:ENV}', { ENV: env })).value).toEqual(want);
    expect((await typed(field, '${env:ENV}', { ENV: '${env:ENV2}', ENV2: env })).value).toEqual(want);
  });

  test.each([
    '123',
    '0123',
    '0xdeadbeef',
    '"0123"',
    '!!str 0123',
    '{"field": 123}',
    '1111::',
    '2006-01-02T15:04:05Z07:00',
  ])('%s inside other text is put in as it is', async (env) => {
    expect((await typed('text', 'inline field with ${env:ENV} expansion', { ENV: env })).value).toBe(
      `inline field with ${env} expansion`,
    );
  });

  test('a value from the environment is never shown, its source is', async () => {
    const { loaded } = await typed('wait', '${env:KEY}', { KEY: 'sk-secret' });
    expect(loaded.text).toContain(
      'a.yaml:4:11  receivers.typed.wait: the value of environment variable KEY is not a duration',
    );
    expect(loaded.text).not.toContain('sk-secret');
    expect(JSON.stringify(loaded.problems)).not.toContain('sk-secret');
  });
});
