import { describe, expect, it } from 'vitest';
import { response } from '../capture.ts';
import { call } from './call.ts';

const host = 'api.openai.com';

describe('other calls to providers', () => {
  it.each([
    ['POST', '/v1/images/generations', 'image_generation', 'image'],
    ['POST', '/v1/images/edits', 'image_generation', 'image'],
    ['POST', '/v1/audio/speech', 'speech', 'audio'],
    ['POST', '/v1/audio/translations', 'translation', 'audio'],
    ['POST', '/v1/moderations', 'moderation', 'moderation'],
    ['POST', '/v1/responses/input_tokens', 'count_tokens', 'other'],
    ['POST', '/v1/responses/compact', 'compaction', 'other'],
    ['POST', '/v1/responses/r_1/cancel', 'responses', 'other'],
    ['DELETE', '/v1/responses/r_1', 'responses', 'other'],
    ['GET', '/v1/chat/completions', 'stored_completions', 'other'],
    ['GET', '/v1/models', 'models', 'other'],
    ['GET', '/v1/models/gpt-x', 'models', 'other'],
    ['DELETE', '/v1/models/ft:gpt-x', 'models', 'other'],
    ['GET', '/v1/files', 'files', 'other'],
    ['GET', '/v1/files/f_1/content', 'files', 'other'],
    ['POST', '/v1/uploads', 'uploads', 'other'],
    ['POST', '/v1/batches', 'batches', 'other'],
    ['POST', '/v1/vector_stores', 'vector_stores', 'other'],
    ['POST', '/v1/assistants', 'create_agent', 'other'],
    ['GET', '/v1/assistants/a_1', 'assistants', 'other'],
    ['POST', '/v1/threads', 'threads', 'other'],
    ['POST', '/v1/threads/t_1/runs', 'invoke_agent', 'other'],
    ['POST', '/v1/threads/t_1/runs/r_1/submit_tool_outputs', 'invoke_agent', 'other'],
    ['GET', '/v1/threads/t_1/runs/r_1', 'threads', 'other'],
    ['POST', '/v1/fine_tuning/jobs', 'fine_tuning', 'other'],
    ['POST', '/v1/evals/e_1/runs', 'evals', 'other'],
    ['POST', '/v1/videos', 'video_generation', 'other'],
    ['POST', '/v1/conversations', 'conversations', 'other'],
    ['POST', '/v1/containers', 'containers', 'other'],
    ['POST', '/v1/realtime/client_secrets', 'realtime_session', 'other'],
    ['GET', '/v1/organization/usage/completions', 'administration', 'other'],
  ])('%s %s is %s', (method, path, operation, requestType) => {
    const seen = call({ host, method, path, ...(method === 'POST' && { body: { input: 'x' } }), answer: { id: 'x' } });
    expect([seen.operation, seen.request.request_type]).toEqual([operation, requestType]);
    expect(seen.response).toMatchObject({ success: true, provider_request_id: 'x' });
    expect(seen.requestEvent?.confidence).toMatchObject({ level: 'high', completeness: 'full' });
  });

  it('leaves telemetry and what nobody documents alone', () => {
    for (const path of ['/v1/traces/ingest', '/api/event_logging/batch', '/v1/unheard'])
      expect(call({ host, path, body: { data: [] }, answer: {} }).out).toEqual([]);
  });

  it('is found on hosts that nobody knows by path and body together', () => {
    const where = 'gpu.example.com';
    const yes = call({
      host: where,
      path: '/v1/images/generations',
      body: { model: 'flux', prompt: 'cat' },
      answer: { data: [] },
    });
    expect([yes.request.request_type, yes.requestEvent?.confidence.level]).toEqual(['image', 'medium']);
    for (const [path, body] of [
      ['/v1/images/generations', { width: 3 }],
      ['/v1/files', { model: 'x' }],
      ['/v1/models', { model: 'x' }],
      ['/v1/predictions', { input: {} }],
    ] as const)
      expect(call({ host: where, path, body, answer: {} }).out).toEqual([]);
    expect(call({ host: where, path: '/v1/models', answer: {} }).out).toEqual([]);
  });

  it('counts the tokens of an image and keeps its bytes out', () => {
    const b64_json = Buffer.from('picture'.repeat(9)).toString('base64');
    const usage = { input_tokens: 7, output_tokens: 900, total_tokens: 907 };
    const seen = call({
      host,
      path: '/v1/images/generations',
      body: { model: 'gpt-image', prompt: 'a cat' },
      answer: { data: [{ b64_json }], usage },
    });
    expect(seen.request).toMatchObject({ model: { id: 'gpt-image' }, messages: [{ role: 'user', content: 'a cat' }] });
    expect(seen.response.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 900 });
    expect(JSON.stringify(seen.out)).not.toContain(b64_json);
  });

  it('takes the fields of a form, never its file', () => {
    const part = (head: string, value: string) => `--XX\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
    const form = `${part('name="model"', 'whisper-1')}${part('name="stream"', 'true')}${part('name="file"; filename="a.wav"', 'RIFFbytes')}--XX--\r\n`;
    const seen = call({
      host,
      path: '/v1/audio/transcriptions',
      body: form,
      headers: { 'Content-Type': 'multipart/form-data; boundary=XX' },
      events: [
        { type: 'transcript.text.delta', delta: 'Hel' },
        { type: 'transcript.text.delta', delta: 'lo' },
        { type: 'transcript.text.done', text: 'Hello', usage: { input_tokens: 2, output_tokens: 1 } },
      ],
    });
    expect(seen.request).toMatchObject({ model: { id: 'whisper-1' }, streaming: true, request_type: 'audio' });
    expect([seen.text, seen.response.usage?.prompt_tokens]).toEqual(['Hello', 2]);
    expect(JSON.stringify(seen.out)).not.toContain('RIFF');
  });

  it('reads transcriptions and pages that were read', () => {
    expect(call({ host, path: '/v1/audio/transcriptions', body: { model: 'w' }, answer: { text: 'Hello' } }).text).toBe(
      'Hello',
    );
    const ocr = call({
      host: 'api.mistral.ai',
      path: '/v1/ocr',
      body: { model: 'mistral-ocr', document: {} },
      answer: { pages: [{ markdown: '# A' }, { markdown: 'b' }] },
    });
    expect([ocr.operation, ocr.text]).toEqual(['ocr', '# A\nb']);
  });

  it('takes a sound for an answer', () => {
    const raw = Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 4\r\n\r\n'),
      Buffer.from([0xff, 0xf3, 0x44, 0xc4]),
    ]);
    const seen = call({ host, path: '/v1/audio/speech', body: { model: 'tts', input: 'Hi', voice: 'a' }, raw });
    expect(seen.response).toMatchObject({ success: true, status_code: 200 });
  });
});

describe('errors', () => {
  const asked = { host, path: '/v1/chat/completions', body: { model: 'm', messages: [] } };
  it.each([
    [
      'OpenAI',
      429,
      { error: { type: 'tokens', code: 'rate_limit_exceeded', message: 'm' } },
      { type: 'tokens', code: 'rate_limit_exceeded', message: 'm' },
    ],
    [
      'Anthropic',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'm' } },
      { type: 'overloaded_error', message: 'm' },
    ],
    [
      'Google',
      400,
      [{ error: { code: 400, status: 'INVALID_ARGUMENT', message: 'm' } }],
      { type: 'INVALID_ARGUMENT', code: '400', message: 'm' },
    ],
    ['OpenRouter', 402, { error: { code: 402, message: 'm' } }, { type: '402', code: '402', message: 'm' }],
    ['xAI', 400, { code: 'Client specified an invalid argument', error: 'm' }, { type: '400', message: 'm' }],
    [
      'vLLM',
      400,
      { object: 'error', type: 'BadRequestError', code: 400, message: 'm' },
      { type: 'BadRequestError', code: '400', message: 'm' },
    ],
    ['FastAPI', 422, { detail: [{ type: 'missing', msg: 'm' }] }, { type: 'missing', message: 'm' }],
    ['FastAPI in words', 404, { detail: 'm' }, { type: '404', message: 'm' }],
    ['AWS', 400, { __type: 'ValidationException', message: 'm' }, { type: 'ValidationException', message: 'm' }],
    [
      'Cloudflare',
      400,
      { success: false, errors: [{ code: 7003, message: 'm' }] },
      { type: '7003', code: '7003', message: 'm' },
    ],
    ['RFC 9457', 403, { title: 'Forbidden', status: 403, detail: 'm' }, { type: 'Forbidden', message: 'm' }],
    [
      'MiniMax, with a good status',
      200,
      { base_resp: { status_code: 1004, status_msg: 'm' } },
      { type: '1004', code: '1004', message: 'm' },
    ],
    [
      'OpenAI, with a good status',
      200,
      { error: { type: 'server_error', message: 'm' } },
      { type: 'server_error', message: 'm' },
    ],
  ])('of %s', (_name, status, answer, error) => {
    const seen = call({ ...asked, status, answer });
    expect(seen.response).toMatchObject({ success: false, status_code: status, error });
    expect(seen.responseEvent?.attrs?.['error.type']).toBe(error.type);
  });

  it('of a proxy are pages: the status names them', () => {
    const page = '<html><body>502 Bad Gateway</body></html>';
    const raw = `HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`;
    for (const stream of [true, false]) {
      const seen = call({ ...asked, body: { ...asked.body, stream }, raw });
      expect(seen.response).toMatchObject({ success: false, status_code: 502, error: { type: '502' } });
      expect(seen.response.error?.message).toBeUndefined();
    }
  });

  it('say when to come back', () => {
    const raw = response({ error: { message: 'm' } }, 429).replace('\r\n', '\r\nRetry-After-Ms: 1500\r\n');
    expect(call({ ...asked, raw }).responseEvent?.attrs?.['retry_after']).toBe('1.5');
  });
});

describe('Voyage', () => {
  it.each([
    ['/v1/embeddings', { input: ['a', 'b'] }, ['a', 'b']],
    [
      '/v1/multimodalembeddings',
      {
        inputs: [
          {
            content: [
              { type: 'text', text: 'a' },
              { type: 'image_url', image_url: 'https://x' },
            ],
          },
        ],
      },
      ['a'],
    ],
    ['/v1/contextualizedembeddings', { inputs: [['a', 'b'], ['c']] }, ['a', 'b', 'c']],
  ])('embeds at %s', (path, body, texts) => {
    const seen = call({
      host: 'api.voyageai.com',
      path,
      body: { model: 'voyage-3', ...body },
      answer: { data: [], model: 'voyage-3', usage: { total_tokens: 5 } },
    });
    expect(seen.request).toMatchObject({ request_type: 'embedding', model: { id: 'voyage-3' } });
    expect(seen.request.messages?.map((message) => message.content)).toEqual(texts);
    expect(seen.response.usage?.prompt_tokens).toBe(5);
  });

  it('is not called where a browser opens a page', () => {
    const seen = call({
      host: 'openrouter.ai',
      path: '/models',
      headers: { Accept: 'text/html,*/*' },
      raw: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    });
    expect(seen.out).toEqual([]);
  });
});
