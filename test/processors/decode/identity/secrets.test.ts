import { describe, expect, test } from 'vitest';
import { createMatcher, type OispEvent } from '../../../../core/index.ts';
import { hasSpec, specValidator } from '../../../pipeline/schema.ts';
import { skipsWithoutData } from '../../../require.ts';
import { decode, Recorder, request, response } from '../capture.ts';
import { anthropic, openai } from '../samples.ts';
import { tokenWith } from './heads.ts';

const KEY = 'sk-proj-Zx9Cv8Bn7Ma1Sd2Fg3Hj4Kl5Qw6Er7';
const BODY = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] };
const ANSWER = response({
  id: 'chatcmpl-1',
  model: 'gpt-x',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello' } }],
});

interface Way {
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** Texts that must not come out. */
  readonly secrets: readonly string[];
}

const jwt = tokenWith({ sub: 'somebody@example.com', 'https://api.openai.com/auth': { chatgpt_plan_type: 'team' } });
const SIGNATURE = 'fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024';

const WAYS: readonly Way[] = [
  { name: 'bearer', headers: { Authorization: `Bearer ${KEY}` }, secrets: [KEY] },
  { name: 'x-api-key', headers: { 'X-Api-Key': KEY }, secrets: [KEY] },
  { name: 'x-goog-api-key', headers: { 'x-goog-api-key': KEY }, secrets: [KEY] },
  { name: 'api-key', headers: { 'api-key': KEY }, secrets: [KEY] },
  { name: 'query', path: `/v1/chat/completions?key=${KEY}&alt=sse`, secrets: [KEY] },
  { name: 'Replicate', headers: { Authorization: `Token ${KEY}` }, secrets: [KEY] },
  { name: 'no scheme', headers: { Authorization: KEY }, secrets: [KEY] },
  {
    name: 'basic',
    headers: { Authorization: `Basic ${btoa(`robot-name-1:${KEY}`)}` },
    secrets: [KEY, 'robot-name-1', btoa(`robot-name-1:${KEY}`)],
  },
  { name: 'JSON web token', headers: { Authorization: `Bearer ${jwt}` }, secrets: [jwt, 'c2lnbmF0dXJl', 'somebody@'] },
  { name: 'cookie', headers: { Cookie: `a=b; sessionKey=${KEY}; cf=${SIGNATURE}` }, secrets: [KEY, SIGNATURE] },
  {
    name: 'SigV4',
    headers: {
      Authorization: `AWS4-HMAC-SHA256 Credential=AKIAZZZZYYYYXXXXWWWW/20261120/us-east-1/bedrock/aws4_request, Signature=${SIGNATURE}`,
      'X-Amz-Security-Token': KEY,
    },
    secrets: [KEY, SIGNATURE, 'AKIAZZZZYYYYXXXXWWWW'],
  },
  {
    name: 'subprotocol',
    headers: { 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${KEY}` },
    secrets: [KEY],
  },
  {
    name: 'a key that is sent in other headers as well',
    headers: {
      Authorization: `Bearer ${KEY}`,
      'User-Agent': `agent/1 ${KEY}`,
      'X-Session-Id': KEY,
      'X-Title': `for ${KEY}`,
      Baggage: `key=${KEY}`,
      'Proxy-Authorization': `Basic ${btoa(KEY)}`,
      'x-claude-code-ide-authorization': KEY,
      Referer: `https://example.com/?key=${KEY}`,
    },
    secrets: [KEY, btoa(KEY)],
  },
  {
    name: 'a browser',
    headers: {
      'User-Agent': 'Mozilla/5.0 (X11)',
      Origin: 'https://chatgpt.com',
      Referer: `https://chatgpt.com/c/1?token=${KEY}#${KEY}`,
      Authorization: `Bearer ${jwt}`,
    },
    secrets: [KEY, jwt],
  },
];

function call(way: Way, size?: number): OispEvent[] {
  const sent = request('api.openai.com', way.path ?? '/v1/chat/completions', BODY, way.headers ?? {});
  return new Recorder().open('c').data('c', 'sent', sent, size).data('c', 'received', ANSWER).close('c').events;
}

describe('what authenticates', () => {
  test.each(WAYS)('comes out nowhere: $name', (way) => {
    for (const size of [undefined, 1]) {
      const { out, lines, of } = decode(call(way, size));
      expect(of('ai.response')).toHaveLength(1);
      const said = `${JSON.stringify(out)} ${JSON.stringify(lines)}`;
      for (const secret of way.secrets) expect(said).not.toContain(secret);
      const [asked] = of('ai.request');
      expect(asked?.data).toMatchObject({ auth: { key_hash: expect.stringMatching(/^hmac-sha256:[0-9a-f]{64}$/) } });
    }
  });

  test('is nowhere in the log when its connection cannot be read', () => {
    const broken = new Recorder()
      .open('c')
      .data('c', 'sent', `POST / HTTP/1.1\r\nAuthorization: Bearer ${KEY}\r\n\u0000`);
    const { out, lines } = decode(broken.close('c').events);
    expect(`${JSON.stringify(out)} ${JSON.stringify(lines)}`).not.toContain(KEY);
  });
});

describe('the hash of a key', () => {
  const hashOf = (over: Parameters<typeof decode>[1], way = WAYS[0] as Way): unknown =>
    (decode(call(way), over).of('ai.request')[0]?.data as { auth?: { key_hash?: string } } | undefined)?.auth?.key_hash;

  test('is the same for one key under one match key, and another under another', () => {
    const one = { matcher: createMatcher(Buffer.alloc(32, 1)) };
    expect(hashOf(one)).toBe(hashOf({ matcher: createMatcher(Buffer.alloc(32, 1)) }, WAYS[1]));
    expect(hashOf(one)).not.toBe(hashOf({ matcher: createMatcher(Buffer.alloc(32, 2)) }));
    expect(hashOf(one)).not.toBe(hashOf(one, WAYS[8]));
  });

  test('stays the same after a restart under a key of the config', () => {
    const first = { hashKey: 'a key of the config', matcher: createMatcher(Buffer.alloc(32, 1)) };
    const then = { hashKey: 'a key of the config', matcher: createMatcher(Buffer.alloc(32, 2)) };
    expect(hashOf(first)).toBe(hashOf(then));
    expect(hashOf(first)).not.toBe(hashOf({ ...then, hashKey: 'another key of the config' }));
  });
});

describe('an event of a call', () => {
  test('names the program only where the record does not', () => {
    const [mine] = decode(call({ name: '', headers: { 'User-Agent': 'codex_cli_rs/0.169.0' }, secrets: [] })).of(
      'ai.request',
    );
    expect(mine?.app).toMatchObject({ app_id: 'codex', version: '0.169.0' });
    const recorded = call({ name: '', headers: { 'User-Agent': 'codex_cli_rs/0.169.0' }, secrets: [] }).map(
      (event) => ({
        ...event,
        app: { app_id: 'ide' },
      }),
    );
    for (const event of decode(recorded).out) expect(event.app).toEqual({ app_id: 'ide' });
  });

  test('says how its process is known', () => {
    const attributionWhen = (more: Partial<OispEvent>): unknown =>
      decode(call(WAYS[0] as Way).map((event) => ({ ...event, ...more }))).out[0]?.confidence.process_attribution;
    expect(attributionWhen({})).toBe('direct');
    expect(attributionWhen({ source: { collector: 'c', capture_method: 'mitm_proxy' } })).toBeUndefined();
    expect(attributionWhen({ process: {} })).toBe('unknown');
    expect(
      attributionWhen({ confidence: { level: 'high', completeness: 'full', process_attribution: 'socket_inode' } }),
    ).toBe('socket_inode');
  });

  test('of an answer tells the account that the provider names', () => {
    const received = ANSWER.replace(
      '\r\n\r\n',
      '\r\nopenai-organization: acme\r\nx-request-id: req_1\r\nSet-Cookie: s=1234567890\r\n\r\n',
    );
    const events = new Recorder()
      .open('c')
      .data('c', 'sent', openai.sent)
      .data('c', 'received', received)
      .close('c').events;
    const [answer] = decode(events).of('ai.response');
    expect(answer?.data).toMatchObject({ provider: { name: 'openai', organization_id: 'acme' } });
    expect(answer?.attrs).toMatchObject({ 'oisp.provider.request_id': 'req_1' });
    expect(JSON.stringify(answer)).not.toContain('1234567890');
  });
});

describe('a body that is damaged on a host that nobody knows', () => {
  const sent = (headers: Record<string, string>, body = 'gone'): OispEvent[] => {
    const text = request('llm.example.com', '/v1/messages', body, { 'Content-Encoding': 'unheard-of', ...headers });
    return new Recorder().open('c', { sni: 'llm.example.com' }).data('c', 'sent', text).close('c').events;
  };

  test('is a call when its headers are those of a client of the API', () => {
    const [event] = decode(sent({ 'anthropic-version': '2026-10-21' })).of('ai.request');
    expect(event?.confidence).toMatchObject({
      level: 'low',
      completeness: 'partial',
      ai_detection_method: 'header_fingerprint',
      reasons: ['path of anthropic.messages', 'header anthropic-version'],
      missing: ['request body: unsupported coding'],
      limitations: ['content coding cannot be read'],
    });
  });

  test('is nothing when they are not', () => {
    expect(decode(sent({})).out).toEqual([]);
  });
});

describe.skipIf(skipsWithoutData('../shared/data/oisp-spec', hasSpec))('events with an identity', () => {
  test('are valid by the schemas of the spec', () => {
    const check = specValidator();
    const samples = [
      ...WAYS.map((way) => call(way)),
      new Recorder().open('c').data('c', 'sent', anthropic.sent).events,
    ];
    for (const sample of samples)
      for (const event of decode(sample).out) expect(check(JSON.parse(JSON.stringify(event)))).toEqual([]);
  });
});
