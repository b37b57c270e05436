// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configs look like placeholders of templates.
import { describe, expect, test } from 'vitest';
import { load, SERVICE, WHOLE } from './setup.ts';

/** A whole config whose parts can be replaced. */
function config(parts: {
  receivers?: string;
  processors?: string;
  exporters?: string;
  connectors?: string;
  extensions?: string;
  service?: string;
  more?: string;
}): string {
  const { receivers = '{nop: }', exporters = '{nop: }', service = SERVICE, more = '' } = parts;
  const optional = (['processors', 'connectors', 'extensions'] as const).flatMap((name) =>
    parts[name] === undefined ? [] : [`${name}: ${parts[name]}`],
  );
  return [`receivers: ${receivers}`, `exporters: ${exporters}`, ...optional, service, more, ''].join('\n');
}

const pipelines = (text: string): string => `service: {pipelines: {${text}}}`;

test('a whole config loads, without a word', async () => {
  const { config: loaded, problems } = await load(WHOLE);
  expect(problems).toEqual([]);
  expect(loaded?.pipelines).toEqual([
    { id: 'traces', kind: 'traces', receivers: ['nop'], processors: [], exporters: ['nop'] },
  ]);
  expect(loaded?.telemetry).toEqual({ logs: { level: 'info', encoding: 'console' }, metrics: { level: 'normal' } });
  expect(loaded?.shutdownDeadlineMs).toBe(10_000);
});

test('service settings are read', async () => {
  const { config: loaded } = await load(
    config({
      extensions: '{health_check: }',
      service:
        'service: {shutdown_timeout: 3s, extensions: [health_check], telemetry: {logs: {level: debug, encoding: json}, metrics: {level: none}}, pipelines: {logs/x: {receivers: [nop, nop], processors: , exporters: [nop, nop]}}}',
    }),
  );
  expect(loaded).toMatchObject({
    shutdownDeadlineMs: 3000,
    extensionsInUse: ['health_check'],
    telemetry: { logs: { level: 'debug', encoding: 'json' }, metrics: { level: 'none' } },
    pipelines: [{ id: 'logs/x', kind: 'logs', receivers: ['nop'], processors: [], exporters: ['nop'] }],
  });
});

describe('errors have the words of the Collector', () => {
  test.each<[string, string, string[]]>([
    ['empty', '', ['empty configuration file', 'service::pipelines: service must have at least one pipeline']],
    [
      'only comments',
      '# x\n',
      ['empty configuration file', 'service::pipelines: service must have at least one pipeline'],
    ],
    [
      'a list',
      '[a]',
      ['cannot resolve the configuration: retrieved value (type=[]interface {}) cannot be used as a Conf'],
    ],
    ['text', 'hello', ['cannot resolve the configuration: retrieved value (type=string) cannot be used as a Conf']],
    [
      'unknown top keys',
      config({ more: 'baz: 1\nx-foo: &x 1' }),
      ["'otelcol.configSettings' has invalid keys: baz", "'otelcol.configSettings' has invalid keys: x-foo"],
    ],
    [
      'an unknown key of service',
      config({ service: 'service: {foo: 1, pipelines: {traces: {receivers: [nop], exporters: [nop]}}}' }),
      ["'service' has invalid keys: foo"],
    ],
    [
      'an unknown key of a pipeline',
      config({ service: pipelines('traces: {foo: 1, receivers: [nop], exporters: [nop]}') }),
      ["'service.pipelines[traces]' has invalid keys: foo"],
    ],
    [
      'an unknown type',
      config({ receivers: '{nop: , foobar/x: }' }),
      ['\'receivers\' unknown type: "foobar" for id: "foobar/x" (valid values: [jsonl nop typed])'],
    ],
    [
      'the logging exporter',
      config({ exporters: '{nop: , logging: }' }),
      ["'exporters' the logging exporter has been deprecated, use the debug exporter instead"],
    ],
    [
      'an unknown key of a component',
      config({ receivers: '{nop: {verbosityy: 1}}' }),
      ["'receivers.nop' has invalid keys: verbosityy"],
    ],
    [
      'a key in capitals',
      config({ exporters: '{nop: , otlp_http: {Endpoint: x, endpoint: http://h}}' }),
      ["'exporters.otlp_http' has invalid keys: Endpoint"],
    ],
    [
      'a section that is a list',
      config({ receivers: '[nop]' }),
      ['\'receivers\' expected a map or struct, got "slice"'],
    ],
    [
      'a component that is a number',
      config({ receivers: '{nop: 5}' }),
      ["'[nop]' expected type 'map[string]interface {}', got unconvertible type 'int'"],
    ],
    [
      'a text for a list',
      config({ service: pipelines('traces: {receivers: nop, exporters: [nop]}') }),
      ["'service.pipelines[traces].receivers' source data must be an array or slice, got string"],
    ],
    [
      'no type in an id',
      config({ receivers: '{nop: , /x: }' }),
      ["'receivers' '' in \"/x\" id: the part before / should not be empty"],
    ],
    [
      'no name in an id',
      config({ receivers: '{nop: , nop/: }' }),
      ["'receivers' '' in \"nop/\" id: the part after / should not be empty"],
    ],
    [
      'a bad type in an id',
      config({ receivers: '{nop: , no p: }' }),
      ['\'receivers\' \'\' in "no p" id: invalid character(s) in type "no p"'],
    ],
    [
      'a bad name in an id',
      config({ receivers: '{nop: , nop/a b: }' }),
      ['\'receivers\' \'\' in "nop/a b" id: invalid character(s) in name "a b"'],
    ],
    [
      'the same id twice after trimming',
      config({ receivers: '{nop/a: , "nop / a": , nop: }' }),
      ['\'receivers\' duplicate name "nop/a" after trimming spaces'],
    ],
    [
      'a bad signal',
      config({ service: pipelines('traces: {receivers: [nop], exporters: [nop]}, spans: {}') }),
      ['\'service.pipelines\' in "spans" id: unknown pipeline signal: "spans"'],
    ],
    [
      'no receivers',
      `exporters: {nop: }\n${SERVICE}`,
      [
        'no receiver configuration specified in config',
        'service::pipelines::traces: references receiver "nop" which is not configured',
      ],
    ],
    [
      'no exporters',
      `receivers: {nop: }\n${SERVICE}`,
      [
        'no exporter configuration specified in config',
        'service::pipelines::traces: references exporter "nop" which is not configured',
      ],
    ],
    [
      'no pipelines',
      'receivers: {nop: }\nexporters: {nop: }',
      ['service::pipelines: service must have at least one pipeline'],
    ],
    [
      'a pipeline without ends',
      config({ service: pipelines('traces: ') }),
      [
        'service::pipelines::traces: must have at least one receiver',
        'service::pipelines::traces: must have at least one exporter',
      ],
    ],
    [
      'an undefined processor',
      config({ service: pipelines('traces: {receivers: [nop], processors: [batch], exporters: [nop]}') }),
      ['service::pipelines::traces: references processor "batch" which is not configured'],
    ],
    [
      'an undefined extension',
      config({ service: 'service: {extensions: [zpages], pipelines: {traces: {receivers: [nop], exporters: [nop]}}}' }),
      ['service::extensions: references extension "zpages" which is not configured'],
    ],
    [
      'a processor twice',
      config({
        processors: '{batch: }',
        service: pipelines('traces: {receivers: [nop], processors: [batch, batch], exporters: [nop]}'),
      }),
      ['service::pipelines::traces: references processor "batch" multiple times'],
    ],
    [
      'a failed check',
      config({ processors: '{memory_limiter: }' }),
      ["processors::memory_limiter: 'check_interval' must be greater than zero"],
    ],
    ['a check that throws', config({ processors: '{fragile: }' }), ['processors::fragile: its own check failed: boom']],
    [
      'a connector used as exporter only',
      config({ connectors: '{forward: }', service: pipelines('traces/in: {receivers: [nop], exporters: [forward]}') }),
      [
        'failed to build pipelines: connector "forward" used as exporter in [traces/in] pipeline but not used in any supported receiver pipeline',
      ],
    ],
    [
      'a connector used as receiver only',
      config({ connectors: '{forward: }', service: pipelines('traces/out: {receivers: [forward], exporters: [nop]}') }),
      [
        'failed to build pipelines: connector "forward" used as receiver in [traces/out] pipeline but not used in any supported exporter pipeline',
      ],
    ],
    [
      'a connector that cannot join the two',
      config({
        connectors: '{forward: }',
        service: pipelines(
          'traces: {receivers: [nop], exporters: [forward]}, logs: {receivers: [forward], exporters: [nop]}',
        ),
      }),
      [
        'failed to build pipelines: connector "forward" used as exporter in [traces] pipeline but not used in any supported receiver pipeline',
        'failed to build pipelines: connector "forward" used as receiver in [logs] pipeline but not used in any supported exporter pipeline',
      ],
    ],
    [
      'a duplicate key',
      'receivers:\n  nop:\nreceivers:\n',
      [
        'cannot resolve the configuration: retrieved value (type=string) cannot be used as a Conf: assuming string type since contents are not valid YAML: mapping key "receivers" already defined at line 1',
      ],
    ],
    [
      'a merge of nothing',
      'a: &x\nreceivers:\n  <<: *x\n',
      [
        'cannot resolve the configuration: retrieved value (type=string) cannot be used as a Conf: assuming string type since contents are not valid YAML: yaml: map merge requires map or sequence of maps as the value',
      ],
    ],
    [
      'a no-text shutdown timeout',
      config({
        service: 'service: {shutdown_timeout: -1s, pipelines: {traces: {receivers: [nop], exporters: [nop]}}}',
      }),
      ['service::shutdown_timeout: must be greater than zero'],
    ],
  ])('%s', async (_name, text, messages) => {
    const loaded = await load(text);
    expect(loaded.messages).toEqual(messages);
    expect(loaded.config).toBeUndefined();
  });

  test('a connector and a receiver with one id', async () => {
    const { registry } = await import('./setup.ts');
    const both = { ...registry, connectors: registry.connectors.map((connector) => ({ ...connector, type: 'nop' })) };
    const { messages } = await load(config({ connectors: '{nop: }' }), { registry: both });
    expect(messages[0]).toBe(
      'connectors::nop: ambiguous ID: Found both "nop" receiver and "nop" connector. Change one of the components\' IDs to eliminate ambiguity (e.g. rename "nop" connector to "nop/connector")',
    );
  });

  test('sources that cannot be had', async () => {
    const say = async (source: string): Promise<string> =>
      (await load([], { sources: [source], env: { T: '{a' } })).text;
    expect(await say('X')).toBe(
      'cannot resolve the configuration: cannot retrieve the configuration: unable to read the file file:X: open X: no such file or directory',
    );
    expect(await say('foo:bar')).toBe('unsupported scheme on URI "foo:bar"; write file:, env: or yaml:');
    expect(await say('https://user:pass@h/x?token=1')).toBe(
      'unsupported scheme on URI "https://[REDACTED]@h/x?[REDACTED]"; write file:, env: or yaml:',
    );
    expect(await say('C:\\x.yaml')).toContain('open C:\\x.yaml: no such file');
    expect((await load([])).text).toBe('at least one config flag must be provided');
    expect((await load('', { sets: ['foo'] })).text).toContain(
      'invalid argument "foo" for "--set" flag: missing equal sign',
    );
  });
});

describe('a connector', () => {
  test('stands where receivers and exporters stand', async () => {
    const { problems } = await load(
      config({
        connectors: '{forward: }',
        service: pipelines(
          'traces/in: {receivers: [nop], exporters: [forward]}, traces/out: {receivers: [forward], exporters: [nop]}',
        ),
      }),
    );
    expect(problems).toEqual([]);
  });
});

test('an alias works and is warned about', async () => {
  const { config: loaded, text } = await load(
    config({
      exporters: '{otlphttp: {endpoint: http://h:1}}',
      service: pipelines('traces: {receivers: [nop], exporters: [otlphttp]}'),
    }),
  );
  expect(loaded?.exporters.get('otlphttp')?.definition.type).toBe('otlp_http');
  expect(text.split('\n')[0]).toBe(
    'a.yaml:2:13  warning: exporters.otlphttp: "otlphttp" alias is deprecated; use "otlp_http" instead',
  );
});

describe('what to write instead', () => {
  test.each([
    ['a mistyped type', config({ exporters: '{nop: , otlp_htp: }' }), 'did you mean "otlp_http"?'],
    ['a type of another section', config({ exporters: '{nop: , batch: }' }), '"batch" belongs under processors'],
    [
      'a mistyped reference',
      config({ service: pipelines('traces: {receivers: [nopp], exporters: [nop]}') }),
      'did you mean "nop"?',
    ],
    [
      'a reference to what is not configured',
      config({ service: pipelines('traces: {receivers: [nop], processors: [batch], exporters: [nop]}') }),
      'add "batch:" under processors',
    ],
    [
      'a receiver among the processors',
      config({ service: pipelines('traces: {receivers: [nop], processors: [typed], exporters: [nop]}') }),
      '"typed" belongs under receivers',
    ],
    ['a mistyped section', config({ more: 'procesors: {}' }), 'did you mean "processors"?'],
    [
      'a mistyped signal',
      config({ service: pipelines('trace: {receivers: [nop], exporters: [nop]}') }),
      'did you mean "traces"?',
    ],
  ])('%s', async (_name, text, hint) => {
    expect((await load(text)).problems[0]?.hint).toBe(hint);
  });
});

describe('places', () => {
  test('every problem has its file, line and column, in that order', async () => {
    const { text } = await load(`receivers:
  jsonl:
    path: 5
exporters:
  otlp_http:
    timeout: 5 sec
    tls: {insecure: yes}
service:
  pipelines:
    traces:
      receivers: [jsnl]
      exporters: [otlp_http]
`);
    expect(
      text,
    ).toBe(`a.yaml:3:11  receivers.jsonl: 'path' expected type 'string', got unconvertible type 'int'; write "5" in quotes
    path: 5
          ^
a.yaml:5:3  exporters.otlp_http: 'endpoint' is required; add "endpoint" (Where to send.)
    otlp_http:
    ^
a.yaml:6:14  exporters.otlp_http.timeout: "5 sec" is not a duration; write 5s
    timeout: 5 sec
             ^
a.yaml:7:21  exporters.otlp_http: 'tls.insecure' expected type 'bool', got unconvertible type 'string'; write true or false
    tls: {insecure: yes}
                    ^
a.yaml:11:19  service::pipelines::traces: references receiver "jsnl" which is not configured; did you mean "jsonl"?
    receivers: [jsnl]
                ^`);
  });

  test('values that files bring in are placed at the reference and name the file', async () => {
    const { text } = await load(config({ exporters: '\n  nop: ${file:part.yaml}' }), {
      files: { 'part.yaml': 'bad: 1\n' },
    });
    expect(text).toBe("a.yaml:3:8  'exporters.nop' has invalid keys: bad\n    nop: ${file:part.yaml}\n         ^");
  });

  test('a value from --set names the flag', async () => {
    const { text } = await load(WHOLE, { sets: ['exporters.nop.bad=1'] });
    expect(text).toContain("--set exporters.nop.bad:1:1  'exporters.nop' has invalid keys: bad");
  });

  test('problems of several files come in the order of the files', async () => {
    const { problems } = await load([config({ more: 'z: 1' }), 'y: 1\n']);
    expect(problems.map((problem) => problem.at?.file)).toEqual(['a.yaml', 'b.yaml']);
  });

  test('control characters and long lines do not reach the terminal as they are', async () => {
    const { problems } = await load(`receivers: {nop: }\n"${'x'.repeat(400)}\\u001b[31m": 1\n`);
    for (const problem of problems)
      expect(Math.max(...(problem.at?.frame ?? '').split('\n').map((line) => line.length))).toBeLessThan(130);
    const { text } = await load(config({ more: '"a\\e[31m": 1' }));
    expect(text).not.toContain('\u001b');
  });
});

describe('several sources', () => {
  const LISTS =
    'receivers: {nop: , typed: {text: a, list: [x, y], nested: {insecure: true}}}\nexporters: {nop: }\nprocessors: {batch: }\n';
  const typedOf = async (more: readonly string[], sets: readonly string[] = []): Promise<unknown> => {
    const { config: loaded, text } = await load([LISTS + SERVICE, ...more], { sets });
    return loaded?.receivers.get('typed')?.config ?? text;
  };

  test('maps merge, lists and scalars are replaced', async () => {
    expect(await typedOf(['receivers: {typed: {list: [z], nested: {deep: {n: 8}}}}'])).toMatchObject({
      text: 'a',
      list: ['z'],
      nested: { insecure: true, deep: { n: 8 } },
    });
  });

  test('a later null erases a section, an empty map does not', async () => {
    expect((await load([LISTS + SERVICE, 'processors:\n'])).config?.processors.size).toBe(0);
    expect((await load([LISTS + SERVICE, 'processors: {}\n'])).config?.processors.size).toBe(1);
  });

  test('an empty later source changes nothing', async () => {
    expect(await typedOf(['', '# nothing\n'])).toMatchObject({ text: 'a' });
  });

  test('--set comes last, its value is YAML', async () => {
    const late = ['receivers: {typed: {text: b}}'];
    expect(
      await typedOf(late, ['receivers.typed.text=c', 'receivers.typed.list=[p,q]', 'receivers.typed.nested.deep.n=9']),
    ).toMatchObject({
      text: 'c',
      list: ['p', 'q'],
      nested: { insecure: true, deep: { n: 9 } },
    });
  });

  test('keys may be written with two colons', async () => {
    expect(await typedOf(['receivers::typed::nested::deep::n: 3\nreceivers::typed::text: d'])).toMatchObject({
      text: 'd',
      nested: { deep: { n: 3 } },
    });
  });

  test('env: and yaml: are sources like files', async () => {
    const { config: loaded } = await load([], {
      sources: ['env:CONF', 'yaml:receivers::typed::text: e'],
      env: { CONF: LISTS + SERVICE },
    });
    expect(loaded?.receivers.get('typed')?.config).toMatchObject({ text: 'e' });
  });
});

describe('YAML', () => {
  test('aliases and merge keys work', async () => {
    const { config: loaded } = await load(
      `receivers:\n  nop:\n  typed/a: &base {text: a, count: 1}\n  typed/b: {<<: *base, text: b}\n  typed/c: *base\nexporters: {nop: }\n${SERVICE}`,
    );
    expect(loaded?.receivers.get('typed/b')?.config).toMatchObject({ text: 'b', count: 1 });
    expect(loaded?.receivers.get('typed/c')?.config).toMatchObject({ text: 'a', count: 1 });
  });

  test('only the first document is read', async () => {
    expect((await load(`${WHOLE}---\nfoo: [\n`)).problems).toEqual([]);
  });

  test.each([
    ['a tab', 'receivers:\n\tnop:\n', /tabs are not allowed/i],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'.replace(/./g, (name) => `${name}: &${name} [${`*${String.fromCharCode(name.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
      /excessive aliasing/,
    ],
    ['an alias inside itself', 'a: &a [*a]\n', /contains itself/],
    ['an unknown alias', 'a: *b\n', /unknown anchor|unresolved alias/i],
    ['deep nesting', `a: ${'['.repeat(50_000)}`, /max depth|flow/],
    ['a number as key', '5: x\n', /a key has to be text; write "5"/],
    ['a map as key', '{a: b}: x\n', /a key has to be text/],
    ['a tag of another language', 'a: !!python/object x\n', /unsupported tag/],
    ['an open quote', 'a: "x\n', /quote/],
  ])('%s is one clear error', async (_name, text, message) => {
    const loaded = await load(text);
    expect(loaded.config).toBeUndefined();
    expect(loaded.messages.join('\n')).toMatch(message);
  });

  test('a text that is no YAML shows no secret', async () => {
    const { text } = await load(
      'exporters:\n  otlp_http:\n    headers:\n      authorization: Bearer hunter2\n      x: "hunter2\n    api_key: "hunter2\n',
    );
    expect(text).not.toContain('hunter2');
  });
});

describe('as root', () => {
  const rooted = (mode: number) => ({ euid: 0, stat: () => Promise.resolve({ mode, uid: 0 }) });

  test('a file that others may write is refused', async () => {
    const { text, config: loaded } = await load(WHOLE, rooted(0o100666));
    expect(loaded).toBeUndefined();
    expect(text).toContain('unable to read the file file:a.yaml: others may write it (mode 0666)');
    expect(text).toContain('chmod go-w a.yaml');
  });

  test('a file that only its owner may write is read; so is any file for others than root', async () => {
    expect((await load(WHOLE, rooted(0o100644))).problems).toEqual([]);
    expect((await load(WHOLE, { ...rooted(0o100666), euid: 1000 })).problems).toEqual([]);
  });
});
