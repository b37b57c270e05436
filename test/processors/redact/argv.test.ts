import { describe, expect, test } from 'vitest';
import type { OispEvent } from '../../../core/index.ts';
import { redactArgv, redactCommandLine } from '../../../processors/redact/argv.ts';
import { Engine } from '../../../processors/redact/engine/engine.ts';
import { coreRules } from '../../../processors/redact/rules/index.ts';
import { SpanRedactor } from '../../../processors/redact/spans.ts';
import { SECRET, SPLIT, TEXTS_WITHOUT_SECRET, WITH_SECRET, WITHOUT_SECRET } from './commands.ts';
import { eventOf, redactorOf, requestWith, stringsOf, toolCallWith, toolResultWith } from './samples.ts';

const engine = new Engine({ rules: coreRules({ pii: true }) });
const rules = (text: string): string => engine.replace(text).text;
const none = (): void => undefined;
/** How a shell needs it: forms and words with `&` in quotes. */
const line = (args: readonly string[]): string => args.map((arg) => (/[&\\]/.test(arg) ? `"${arg}"` : arg)).join(' ');

/** Texts in which the secret is left. */
function leaks(texts: readonly string[], redact: (text: string) => string): string[] {
  return texts.map(redact).filter((text) => text.includes(SECRET.slice(0, 6)));
}

function exec(args: readonly string[], more: object = {}): OispEvent {
  return eventOf(
    'process.exec',
    { exe: '/bin/x', args: [...args], ...more },
    { process: { pid: 7, cmdline: args.join(' ') } },
  );
}

describe('secrets behind the flags of known programs', () => {
  test('do not stay in an argv and the words around them do', () => {
    for (const args of WITH_SECRET) {
      let count = 0;
      const out = redactArgv(
        args,
        (text) => text,
        () => count++,
      );
      const all = redactArgv(args, rules, none);
      expect(all.join(' ')).not.toContain(SECRET);
      expect(all.length).toBe(args.length);
      for (const [i, arg] of args.entries()) if (!arg.includes(SECRET)) expect(all[i]).toBe(arg);
      if (out !== args) expect(count).toBeGreaterThan(0);
      expect(redactArgv(all, rules, none)).toEqual(all);
    }
  });

  test('do not stay in a line', () => {
    expect(leaks(WITH_SECRET.map(line), rules)).toEqual([]);
    expect(
      leaks(
        WITH_SECRET.map((args) => `$ sudo ${line(args)} # done`),
        rules,
      ),
    ).toEqual([]);
    expect(
      leaks(
        WITH_SECRET.map((args) => `It failed:\n  ${line(args)}\nexit code 1`),
        rules,
      ),
    ).toEqual([]);
    expect(
      leaks(
        WITH_SECRET.map((args) => `cd /srv && ${line(args)}; ls | wc -l`),
        rules,
      ),
    ).toEqual([]);
  });

  test('do not stay in quotes, in JSON text, or in a list in JSON text', () => {
    const quoted = WITH_SECRET.map((args) => line(args).replaceAll(SECRET, `'${SECRET}'`));
    expect(
      leaks(
        quoted.filter((text) => !text.includes('"')),
        rules,
      ),
    ).toEqual([]);
    expect(
      leaks(
        WITH_SECRET.map((args) => JSON.stringify({ command: `cd x\n${args.join(' ')}` })),
        rules,
      ),
    ).toEqual([]);
    expect(
      leaks(
        WITH_SECRET.map((args) => JSON.stringify({ command: args })),
        rules,
      ),
    ).toEqual([]);
  });

  test('do not stay on a line that goes on behind a backslash, or behind a quoted semicolon', () => {
    expect(rules(`docker login \\\n  -u bob \\\n  -p ${SECRET}`)).not.toContain(SECRET);
    expect(rules(`mysql -h db -e "a; b | c" -p${SECRET}`)).not.toContain(SECRET);
  });

  test('do not stay in events of the modes safe and full, wherever a command stands', () => {
    for (const mode of ['safe', 'full'] as const) {
      const redactor = redactorOf(mode);
      for (const args of WITH_SECRET) {
        const events = [
          exec(args, { env: { LAST: line(args) } }),
          exec(['bash', '-c', line(args)]),
          requestWith(() => line(args)),
          toolCallWith(() => line(args)),
          toolResultWith(() => line(args)),
          ...['command', 'cmd', 'script', 'shell', 'args'].flatMap((key) =>
            [[...args], args.join(' '), `ls\n${args.join(' ')}\nls`].map((value) =>
              eventOf('agent.tool_call', { tool: { name: 't' }, call_id: 'c', arguments: { [key]: value } }),
            ),
          ),
        ];
        for (const event of events) {
          const out = redactor.redact(event);
          expect(stringsOf(out).join('\n')).not.toContain(SECRET);
          expect(redactor.redact(out)).toEqual(out);
        }
      }
    }
  });

  test('do not stay in spans', () => {
    const spans = new SpanRedactor(engine, 'full', none);
    for (const args of WITH_SECRET) {
      const attributes = [
        { key: 'process.command_args', type: 'strings' as const, value: [...args] },
        { key: 'process.command_line', type: 'string' as const, value: args.join(' ') },
      ];
      const span = {
        traceId: '1'.repeat(32),
        spanId: '2'.repeat(16),
        name: 'x',
        kind: 'internal' as const,
        startNs: 1n,
        endNs: 2n,
        attributes,
        resource: { attributes: [] },
      };
      expect(JSON.stringify(spans.redact(span as never).attributes)).not.toContain(SECRET);
    }
  });
});

describe('a secret that an element beside it tells', () => {
  test('does not stay', () => {
    for (const args of SPLIT) expect(redactArgv(args, rules, none).join(' ')).not.toContain(SECRET);
  });

  test('keeps the scheme before it', () => {
    expect(redactArgv(['x', 'Authorization:', 'Bearer', SECRET], rules, none)).toEqual([
      'x',
      'Authorization:',
      'Bearer',
      '[TOKEN_REDACTED]',
    ]);
  });
});

test('every cookie of a request goes', () => {
  expect(redactArgv(['curl', '-b', `a=1; sid=${SECRET}`], rules, none)).toEqual(['curl', '-b', 'a=[TOKEN_REDACTED]']);
  expect(rules(`curl -b "a=1; sid=${SECRET}" https://example.com`)).toBe(
    'curl -b "a=[TOKEN_REDACTED]" https://example.com',
  );
});

test('two secrets of one command go', () => {
  expect(rules(`curl -u bob:${SECRET} -b "sid=${SECRET}" -d "user=b&pass=${SECRET}" https://example.com`)).toBe(
    'curl -u bob:[PASSWORD_REDACTED] -b "sid=[TOKEN_REDACTED]" -d "user=b&pass=[PASSWORD_REDACTED]" https://example.com',
  );
});

test('a short password goes with its flag, and in a field of JSON text', () => {
  expect(redactArgv(['x', '--password=abc', '--token=false'], rules, none)).toEqual([
    'x',
    '--password=[PASSWORD_REDACTED]',
    '--token=false',
  ]);
  expect(rules(`{"pass":"${SECRET}","fail":"none"}`)).toBe('{"pass":"[PASSWORD_REDACTED]","fail":"none"}');
  expect(rules(JSON.stringify({ body: `{"pass":"${SECRET}"}` }))).not.toContain(SECRET);
  expect(rules(`run \`docker login -p ${SECRET}\` first`)).toBe('run `docker login -p [PASSWORD_REDACTED]` first');
});

test('signatures and credentials of signed URLs go', () => {
  const hex = '9f86d081884c7d65'.repeat(4);
  const url = `https://b.s3.example.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${SECRET}abc%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T000000Z&X-Amz-Signature=${hex}`;
  expect(rules(url)).toBe(
    'https://b.s3.example.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=[AWS_KEY_REDACTED]&X-Amz-Date=20261121T000000Z&X-Amz-Signature=[AWS_KEY_REDACTED]',
  );
  expect(rules(`https://s.example.com/k?X-Goog-Expires=900&X-Goog-Signature=${hex}`)).toBe(
    'https://s.example.com/k?X-Goog-Expires=900&X-Goog-Signature=[TOKEN_REDACTED]',
  );
});

test('a password in a path does not stay', () => {
  for (const mode of ['safe', 'full'] as const) {
    for (const cwd of [`/srv/--password ${SECRET}/x`, `/srv/tool --password ${SECRET}`, `/srv/--password=${SECRET}`]) {
      const out = redactorOf(mode).redact(eventOf('process.exec', { exe: '/bin/x', cwd }));
      expect(JSON.stringify(out)).not.toContain(SECRET);
    }
  }
});

describe('commands without a secret', () => {
  test('stay as they are in an argv', () => {
    const taken = WITHOUT_SECRET.filter((args) => redactArgv(args, rules, none) !== args);
    expect(taken).toEqual([]);
  });

  test('stay as they are in texts and lines', () => {
    const texts = [...WITHOUT_SECRET.map(line), ...TEXTS_WITHOUT_SECRET];
    expect(texts.filter((text) => rules(text) !== text).map(rules)).toEqual([]);
    expect(texts.filter((text) => redactCommandLine(text, rules, none) !== text)).toEqual([]);
  });
});

test('a quote that closes behind a secret stays', () => {
  expect(redactCommandLine('sh -c "x --token abc"', rules, none)).toBe('sh -c "x --token [PASSWORD_REDACTED]"');
});
