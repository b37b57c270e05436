import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEvent, type OispEvent } from '../../../core/index.ts';
import { BudgetError } from '../../../processors/redact/redactor.ts';
import {
  ANTHROPIC_KEY,
  chunkWith,
  eventOf,
  GITHUB_TOKEN,
  MODES,
  OPENAI_KEY,
  planStepWith,
  redactorOf,
  requestWith,
  responseWith,
  retrieveWith,
  stringsOf,
  toolCallWith,
  toolResultWith,
  WITH_CONTENT,
} from './samples.ts';

/** Windows of eight code units of a text. */
function windows(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 7) }, (_, i) => text.slice(i, i + 8));
}

/** A text of a place that no other string of an event holds by chance. */
function prose(place: string, seed: string): string {
  return `Q${place.toUpperCase()}Z ${seed} Ünïcödé 😀 ${seed}`;
}

describe('mode safe', () => {
  test('an error code is a word, or it is content', () => {
    const of = (code: string, mode: 'safe' | 'minimal' | 'full') => {
      const event = responseWith(() => 'x');
      const failed = { ...event, data: { ...event.data, error: { code, type: code, message: 'x' } } };
      return (redactorOf(mode).redact(failed as OispEvent).data as { error?: { code?: unknown } }).error?.code;
    };
    expect(of('rate_limit_exceeded', 'safe')).toBe('rate_limit_exceeded');
    expect(of('rate_limit_exceeded', 'minimal')).toBe('rate_limit_exceeded');
    expect(of('the user said: my plan is secret', 'safe')).toBe('[CONTENT_REDACTED]');
    expect(of('the user said: my plan is secret', 'minimal')).toBeUndefined();
    expect(of('the user said: my plan is secret', 'full')).toBe('the user said: my plan is secret');
    expect(of(OPENAI_KEY, 'full')).not.toContain(OPENAI_KEY);
  });

  test('no eight characters of content are left anywhere in an event', () => {
    const unit = fc.constantFrom(...'abcdeXYZ019 \n"\\/{}:=.@-_é😀');
    fc.assert(
      fc.property(fc.string({ unit, minLength: 8, maxLength: 60 }), fc.constantFrom(...WITH_CONTENT), (seed, make) => {
        const said: string[] = [];
        const event = make((place) => {
          const text = prose(place, seed);
          said.push(text);
          return text;
        });
        const out = stringsOf(redactorOf('safe').redact(event)).join('\0');
        for (const text of said) for (const window of windows(text)) expect(out).not.toContain(window);
      }),
      { numRuns: 300 },
    );
  });

  test('content in fields that nobody knows does not stay', () => {
    for (const make of WITH_CONTENT) {
      const event = make(() => 'x');
      const foreign: OispEvent = {
        ...event,
        data: { ...event.data, thinking: { text: 'my secret plan', steps: ['one two three'] } },
      };
      const out = JSON.stringify(redactorOf('safe').redact(foreign));
      expect(out).not.toContain('secret plan');
      expect(out).not.toContain('one two three');
    }
  });

  test('a marker stands for content with its length in code points, a keyed hash and its findings', () => {
    const event = requestWith(() => `😀 mail bob@example.com the key ${OPENAI_KEY}`);
    const out = redactorOf('safe').redact(event);
    if (!isEvent(out, 'ai.request')) throw new Error('another type');
    expect(out.data.messages?.[1]?.content).toEqual({
      $redacted: {
        reason: 'safe_mode',
        detector: 'mode',
        original_length: [...`😀 mail bob@example.com the key ${OPENAI_KEY}`].length,
        hash: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/),
        redaction_profile: 'safe',
        findings: [
          { type: 'email', count: 1 },
          { type: 'api_key', count: 1 },
        ],
      },
    });
  });

  test('equal texts have equal hashes under one key and other hashes under another', () => {
    const hashes = (key: number) => {
      const out = redactorOf('safe', { hashKey: Buffer.alloc(32, key) }).redact(requestWith(() => 'same text'));
      return JSON.stringify(out).match(/hmac-sha256:[0-9a-f]+/g) ?? [];
    };
    expect(new Set(hashes(1)).size).toBeLessThan(hashes(1).length);
    expect(hashes(1)).toEqual(hashes(1));
    expect(hashes(1)[0]).not.toBe(hashes(2)[0]);
  });

  test('what correlate reads stays', () => {
    const out = redactorOf('safe').redact(requestWith((place) => prose(place, 'seed')));
    if (!isEvent(out, 'ai.request')) throw new Error('another type');
    const { data } = out;
    expect(data).toMatchObject({
      request_id: 'req-1',
      conversation_id: 'conv-1',
      provider: { name: 'openai', endpoint: 'https://api.openai.com/v1/responses' },
      model: { id: 'gpt-5' },
      auth: { type: 'api_key', key_prefix: 'sk-proj-', key_hash: 'hmac:1234' },
      messages_count: 4,
      tool_choice: 'auto',
      tools: [{ name: 'shell', type: 'function' }],
    });
    expect(data.messages?.map((m) => m.role)).toEqual(['system', 'user', 'assistant', 'tool']);
    expect(data.messages?.flatMap((m) => m.parts?.map((p) => p.type) ?? [])).toEqual(
      'text uri file blob other reasoning tool_call tool_call_response'.split(' '),
    );
    expect(data.messages?.[2]?.parts?.[1]).toMatchObject({ type: 'tool_call', id: 'call_1', name: 'shell' });
    expect(data.messages?.[0]?.attrs).toEqual({ role: 'developer', separate: true });
    expect(out.confidence).toMatchObject({
      completeness: 'redacted',
      redaction_applied: true,
      redaction_profile: 'safe',
    });
  });

  test('match keys are not touched', () => {
    const keys = { messages: ['sk-ant-api0'], lines: ['AAAAAAAAAAA'] };
    const event = { ...requestWith(() => 'text of eight'), attrs: { 'oisp.match': keys } };
    for (const mode of MODES) expect(redactorOf(mode).redact(event).attrs?.['oisp.match']).toBe(keys);
  });

  test('arguments and results are left out, with their hashes and size', () => {
    const call = redactorOf('safe').redact(toolCallWith(() => 'rm -rf the house')).data;
    expect(call).not.toHaveProperty('arguments');
    expect(call).toMatchObject({ arguments_hash: expect.stringMatching(/^hmac-sha256:/), call_id: 'call_1' });
    const result = redactorOf('safe').redact(toolResultWith(() => 'häuser')).data;
    expect(result).not.toHaveProperty('result');
    expect(result).toMatchObject({ result_hash: expect.stringMatching(/^hmac-sha256:/), result_size_bytes: 7 });
    const response = redactorOf('safe').redact(responseWith(() => 'rm -rf the house')).data;
    expect(response).toMatchObject({ tool_calls: [{ id: 'call_1', arguments_hash: expect.any(String) }] });
    expect(JSON.stringify(response)).not.toContain('"arguments"');
  });

  test('the hash of arguments does not depend on the order of their keys', () => {
    const of = (args: object) =>
      redactorOf('safe').redact(eventOf('agent.tool_call', { tool: { name: 't' }, call_id: 'c', arguments: args }))
        .data;
    expect(of({ a: 1, b: { c: 2, d: 3 } })).toEqual(of({ b: { d: 3, c: 2 }, a: 1 }));
  });

  test('a marker of somebody else loses its preview and what is no short word', () => {
    const content = {
      $redacted: { reason: 'policy', hash: 'sha256:ab', original_length: 9, preview: 'You are a bank' },
    };
    const event = eventOf('ai.request', { messages: [{ role: 'user', content }] });
    expect(redactorOf('safe').redact(event).data).toEqual({
      messages: [{ role: 'user', content: { $redacted: { reason: 'policy', hash: 'sha256:ab', original_length: 9 } } }],
    });
  });
});

describe('mode full', () => {
  test('content stays, credentials in it do not', () => {
    const event = requestWith((place) => `${place}: use ${ANTHROPIC_KEY} and "${GITHUB_TOKEN}", ask bob@example.com`);
    const out = JSON.stringify(redactorOf('full').redact(event));
    expect(out).not.toContain(ANTHROPIC_KEY.slice(0, 24));
    expect(out).not.toContain(GITHUB_TOKEN.slice(0, 12));
    expect(out).toContain('user: use [API_KEY_REDACTED] and \\"[GITHUB_TOKEN_REDACTED]\\", ask bob@example.com');
  });

  test('without a secret every part of an event is the same object', () => {
    for (const make of WITH_CONTENT) {
      const event = make((place) => `nothing to see in ${place}`);
      const out = redactorOf('full').redact(event);
      expect(out.data).toBe(event.data);
      expect(out.process).toBe(event.process);
      expect(out.confidence).toEqual({ ...event.confidence, redaction_applied: false, redaction_profile: 'full' });
    }
  });

  test('a secret is seen by the name of its field', () => {
    const event = eventOf('agent.tool_call', {
      tool: { name: 'http' },
      call_id: 'c',
      arguments: {
        headers: { Authorization: 'Bearer abc', 'x-api-key': 'k-1', accept: 'text/html' },
        list: [{ name: 'Cookie', value: 'sid=1' }],
        env: { DB_PASSWORD: 'hunter2', HOME: '/root', PWD: '/root' },
        password: { type: 'string' },
        max_tokens: 5,
      },
    });
    expect(redactorOf('full').redact(event).data).toMatchObject({
      arguments: {
        headers: { Authorization: 'Bearer [TOKEN_REDACTED]', 'x-api-key': '[API_KEY_REDACTED]', accept: 'text/html' },
        list: [{ name: 'Cookie', value: '[TOKEN_REDACTED]' }],
        env: { DB_PASSWORD: '[PASSWORD_REDACTED]', HOME: '/root', PWD: '/root' },
        password: { type: 'string' },
        max_tokens: 5,
      },
    });
  });
});

test('a secret in the name of a field does not stay', () => {
  for (const mode of MODES) {
    for (const make of WITH_CONTENT) {
      const event = make(() => 'text');
      const named: OispEvent = {
        ...event,
        data: { ...event.data, [OPENAI_KEY]: 1, more: { [GITHUB_TOKEN]: { [ANTHROPIC_KEY]: 'x' } } },
        attrs: { [OPENAI_KEY]: 'x' },
        ext: { deep: { [GITHUB_TOKEN]: 'x' } },
      };
      const out = stringsOf(redactorOf(mode).redact(named)).join('\0');
      for (const secret of [OPENAI_KEY, GITHUB_TOKEN, ANTHROPIC_KEY]) expect(out).not.toContain(secret);
    }
  }
});

describe('mode minimal', () => {
  test('only metadata of processes and flows is left', () => {
    const exec = eventOf(
      'process.exec',
      {
        exe: '/home/al/bin/tool',
        args: ['tool', '--name', 'Alice Miller'],
        cwd: '/home/al/private',
        env: { A: 'bcdef' },
      },
      {
        process: {
          pid: 1,
          exe: '/home/al/bin/tool',
          cmdline: 'tool --name Alice',
          cmdline_args: ['tool', 'x'],
          cwd: '/x',
        },
        actor: { uid: 5, user: 'alice', is_human: true },
        attrs: { note: 'some text' },
        ext: { vendor: { text: 'more text' } },
      },
    );
    const out = redactorOf('minimal').redact(exec);
    expect(out.data).toEqual({ exe: '~/bin/tool', args: ['tool'] });
    expect(out.process).toEqual({ pid: 1, exe: '~/bin/tool', cmdline_args: ['tool'] });
    expect(out.actor).toEqual({ uid: 5, is_human: true });
    expect(stringsOf(out).join()).not.toMatch(/Alice|private|some text|more text|bcdef/);
    const file = redactorOf('minimal').redact(
      eventOf('file.write', { path: '/home/al/diary 2026.md', bytes_written: 5 }),
    );
    expect(file.data).toEqual({ path: '[PATH_REDACTED].md', bytes_written: 5 });
    const connect = { dest: { ip: '192.0.2.1', port: 443, domain: 'example.com' }, protocol: 'tcp', success: true };
    expect(redactorOf('minimal').redact(eventOf('network.connect', connect)).data).toEqual(connect);
  });

  test('messages keep role, parts and ids', () => {
    const out = redactorOf('minimal').redact(requestWith((place) => prose(place, 'seed')));
    expect(stringsOf(out).join()).not.toContain('seed');
    if (!isEvent(out, 'ai.request')) throw new Error('another type');
    expect(out.data.messages?.[2]).toEqual({
      role: 'assistant',
      parts: [{ type: 'reasoning' }, { type: 'tool_call', id: 'call_1', name: 'shell' }],
    });
  });
});

describe('process events', () => {
  test('secrets in command lines, environments and paths are replaced, the rest stays', () => {
    const event = eventOf(
      'process.exec',
      {
        exe: '/usr/bin/curl',
        args: [
          'curl',
          '-u',
          'me:hunter2',
          '--token',
          'abc',
          '-H',
          `x-api-key: ${OPENAI_KEY}`,
          'https://u:pw1234@host/x',
        ],
        env: { OPENAI_API_KEY: OPENAI_KEY, LANG: 'C' },
        cwd: `/tmp/${GITHUB_TOKEN}`,
      },
      { process: { pid: 7, cmdline: 'mysqldump -h db -phunter2 shop' } },
    );
    for (const mode of ['safe', 'full'] as const) {
      const out = redactorOf(mode).redact(event);
      expect(out.data).toEqual({
        exe: '/usr/bin/curl',
        args: [
          'curl',
          '-u',
          'me:[PASSWORD_REDACTED]',
          '--token',
          '[PASSWORD_REDACTED]',
          '-H',
          'x-api-key: [API_KEY_REDACTED]',
          'https://u:[PASSWORD_REDACTED]@host/x',
        ],
        env: { OPENAI_API_KEY: '[API_KEY_REDACTED]', LANG: 'C' },
        cwd: '/tmp/[GITHUB_TOKEN_REDACTED]',
      });
      expect(out.process?.cmdline).toBe('mysqldump -h db -p[PASSWORD_REDACTED] shop');
    }
  });
});

describe('plan steps, retrievals, chunks and identities', () => {
  const planned = { safe: '[CONTENT_REDACTED]', full: 'buy milk', minimal: undefined };

  test.each(MODES)('keep their form in mode %s', (mode) => {
    const redactor = redactorOf(mode);
    const plan = redactor.redact(planStepWith(() => 'buy milk')).data;
    expect(plan).toMatchObject({
      step_index: 1,
      step_type: 'revision',
      call_id: 'call_1',
      planned_actions: [{ status: 'completed' }, { status: 'in_progress' }],
    });
    expect((plan as { description?: string }).description).toBe(planned[mode]);
    const retrieved = redactor.redact(retrieveWith(() => 'buy milk')).data;
    expect(retrieved).toMatchObject({ source: { type: 'web_search', name: 'web_search' }, results_count: 1 });
    expect((retrieved as { query?: string }).query).toBe(planned[mode]);
    const chunk = redactor.redact(chunkWith(() => 'buy milk')).data as { delta: { content?: string } };
    expect(chunk).toMatchObject({ chunk_index: 3, delta: { role: 'assistant', choice: 1 }, finish_reason: 'stop' });
    expect(chunk.delta.content).toBe(planned[mode]);
  });

  test.each(MODES)('who called stays in mode %s', (mode) => {
    const key_hash = `hmac-sha256:${'0123456789abcdef'.repeat(4)}`;
    const auth = { type: 'api_key', account_type: 'corporate', key_prefix: 'sk-proj-', key_hash };
    const attrs = { 'oisp.thread.id': 'thread-1', 'oisp.client.originator': 'codex_cli_rs', 'oisp.turn.id': 'turn-1' };
    const out = redactorOf(mode).redact(eventOf('ai.request', { request_id: 'r', auth }, { attrs }));
    expect(out.data).toMatchObject({ auth });
    expect(out.attrs).toEqual(attrs);
  });
});

describe('every mode', () => {
  test('redacting twice is redacting once', () => {
    const texts = (place: string) =>
      `${place} ${OPENAI_KEY} password=hunter22 postgres://u:pw1234@h/d Authorization: Bearer ${'a1'.repeat(12)} bob@example.com`;
    for (const mode of MODES) {
      for (const make of WITH_CONTENT) {
        const redactor = redactorOf(mode);
        const once = redactor.redact(make(texts));
        expect(redactor.redact(once)).toEqual(once);
      }
    }
  });

  test('a result that is remembered equals one that is not', () => {
    const text = () => `${'lorem ipsum '.repeat(40)} ${OPENAI_KEY}`;
    for (const mode of MODES) {
      const redactor = redactorOf(mode);
      const first = redactor.redact(requestWith(text));
      expect(redactor.redact(requestWith(text))).toEqual(first);
      expect(redactorOf(mode, { memoBytes: 0 }).redact(requestWith(text))).toEqual(first);
    }
  });

  test('the event that came in is not changed', () => {
    for (const mode of MODES) {
      const event = requestWith(() => `key ${OPENAI_KEY}`);
      const before = JSON.stringify(event);
      redactorOf(mode).redact(event);
      expect(JSON.stringify(event)).toBe(before);
    }
  });

  test('an event that is too deep, too large or too long throws a budget error without content', () => {
    let deep: unknown = 'bottom text';
    for (let i = 0; i < 70; i++) deep = [deep];
    for (const mode of ['full', 'safe'] as const) {
      expect(() => redactorOf(mode).redact(eventOf('process.exec', { exe: '/x', env: deep }))).toThrow(BudgetError);
      expect(() => redactorOf(mode, { maxChars: 100 }).redact(requestWith((p) => p.repeat(50)))).toThrow(BudgetError);
      expect(() => redactorOf(mode, { maxValues: 5 }).redact(requestWith(() => 'x'))).toThrow(BudgetError);
    }
  });
});
