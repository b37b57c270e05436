import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AiRequestData, AiResponseData, OispEvent, ToolCallData, ToolResultData } from '../../../core/index.ts';
import { decode, makeDecoder, Recorder, request, response, sse, sseText, timeless } from './capture.ts';
import { ANTHROPIC_EVENTS, anthropic, openai } from './samples.ts';

const data = <T>(event: OispEvent | undefined): T => event?.data as T;

function exchange(sample: { host: string; sent: string; received: string | Buffer }, size?: number): OispEvent[] {
  return new Recorder()
    .open('c', { sni: sample.host })
    .data('c', 'sent', sample.sent, size)
    .data('c', 'received', sample.received, size)
    .close('c').events;
}

describe('a streamed Anthropic call', () => {
  const { of, out } = decode(exchange(anthropic, 64));

  it('comes out as request, result, call and answer in the order of the bytes', () => {
    expect(out.map((event) => event.event_type)).toEqual([
      'ai.request',
      'agent.tool_result',
      'agent.tool_call',
      'ai.response',
    ]);
    expect(out.every((event) => event.process?.pid === 41 && event.host?.boot_id === 'boot')).toBe(true);
  });

  it('has the request in normal form, without the key', () => {
    const [event] = of('ai.request');
    expect(data<AiRequestData>(event)).toMatchObject({
      provider: { name: 'anthropic', endpoint: 'api.anthropic.com' },
      model: { id: 'claude-x' },
      auth: { type: 'api_key', key_prefix: 'sk-ant-a' },
      request_type: 'chat',
      streaming: true,
      has_system_prompt: true,
      messages_count: 4,
      parameters: { max_tokens: 1000 },
      tools: [{ name: 'Read', parameters: { type: 'object' } }],
    });
    expect(data<AiRequestData>(event).messages?.[0]).toEqual({
      role: 'system',
      content: 'You are brief.',
      parts: [{ type: 'text', content: 'You are brief.' }],
      attrs: { separate: true },
    });
    expect(event?.attrs).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'server.address': 'api.anthropic.com',
      'server.port': 443,
      'url.path': '/v1/messages',
      'oisp.session.id': '12345678-1234-1234-1234-123456789012',
      'oisp.client.package': 'claude-cli/2.0',
    });
    expect(JSON.stringify(out)).not.toContain('secretsecret');
  });

  it('counts cached tokens as input and keeps the numbers of the provider', () => {
    const [event] = of('ai.response');
    expect(data<AiResponseData>(event)).toMatchObject({
      provider_request_id: 'msg_1',
      model: { id: 'claude-x-1' },
      success: true,
      status_code: 200,
      finish_reason: 'tool_calls',
      streaming: true,
      usage: {
        prompt_tokens: 115,
        completion_tokens: 42,
        cached_tokens: 100,
        cache_creation_tokens: 5,
        provider: { input_tokens: 10, output_tokens: 42 },
      },
      tool_calls: [{ id: 'toolu_1', name: 'Read', arguments: { path: '/tmp/ä' } }],
    });
    expect(data<AiResponseData>(event).choices?.[0]?.message.content).toBe('I look — at it ✓.');
    expect(event?.attrs?.['gen_ai.response.finish_reasons']).toEqual(['tool_use']);
    expect(event?.confidence).toMatchObject({ level: 'high', completeness: 'full', content_source: 'tls_boundary' });
    expect(event?.related_events).toEqual([{ event_id: of('ai.request')[0]?.event_id, relationship: 'caused_by' }]);
  });

  it('emits the call at the byte where its block ends, before the answer does', () => {
    const call = of('agent.tool_call')[0];
    expect(data<ToolCallData>(call)).toMatchObject({ tool: { name: 'Read' }, call_id: 'toolu_1', index: 0 });
    expect((call?.ts ?? '') < (of('ai.response')[0]?.ts ?? '')).toBe(true);
    const result = data<ToolResultData>(of('agent.tool_result')[0]);
    expect(result).toMatchObject({ call_id: 'toolu_0', success: false, result: 'ä', index: 0, tool: { name: 'List' } });
  });

  it('has no output count when the stream broke off before it came', () => {
    const events = new Recorder()
      .open('c', { sni: anthropic.host })
      .data('c', 'sent', anthropic.sent)
      .data('c', 'received', anthropic.received.subarray(0, 900))
      .close('c', 'error').events;
    const [event] = decode(events).of('ai.response');
    expect(data<AiResponseData>(event)).toMatchObject({ success: false, error: { type: 'connection_closed' } });
    expect(data<AiResponseData>(event).usage).not.toHaveProperty('completion_tokens');
    expect(event?.confidence).toMatchObject({ completeness: 'partial', missing: ['end of response'] });
  });

  it('is a failure when the stream says so', () => {
    const failed = sse([
      ...ANTHROPIC_EVENTS.slice(0, 4),
      { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } },
    ]);
    const [event] = decode(exchange({ ...anthropic, received: failed })).of('ai.response');
    expect(data<AiResponseData>(event)).toMatchObject({ success: false, error: { type: 'overloaded_error' } });
    expect(event?.attrs?.['error.type']).toBe('overloaded_error');
  });
});

describe('an OpenAI chat call', () => {
  it('comes out whole', () => {
    const { of } = decode(exchange(openai));
    expect(data<AiRequestData>(of('ai.request')[0]).messages?.[0]).toMatchObject({
      role: 'system',
      attrs: { role: 'developer' },
    });
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({
      usage: { prompt_tokens: 20, completion_tokens: 7, cached_tokens: 3, reasoning_tokens: 2 },
      tool_calls: [
        { id: 'call_a', name: 'f', arguments: { a: 1 } },
        { id: 'call_b', name: 'g', arguments: 'not json' },
      ],
    });
    expect(of('agent.tool_call').map((event) => data<ToolCallData>(event).index)).toEqual([0, 1]);
  });

  it('is a failed call when the answer is an error', () => {
    const body = { error: { type: 'rate_limit_error', message: 'Slow down', code: 'rate' } };
    const [event] = decode(
      exchange({ ...openai, received: response(body, 429).replace('\r\n', '\r\nRetry-After: 7\r\n') }),
    ).of('ai.response');
    expect(data<AiResponseData>(event)).toMatchObject({
      success: false,
      status_code: 429,
      model: { id: 'gpt-x' },
      error: { type: 'rate_limit_error', message: 'Slow down', code: 'rate' },
    });
    expect(event?.attrs).toMatchObject({ 'error.type': 'rate_limit_error', retry_after: '7' });
  });

  it('is answered for even when no answer came', () => {
    const events = new Recorder().open('c').data('c', 'sent', openai.sent).close('c').events;
    const [event] = decode(events).of('ai.response');
    expect(data<AiResponseData>(event)).toMatchObject({ success: false, error: { type: 'no_response' } });
    expect(event?.confidence.missing).toEqual(['response']);
  });

  it('is known by its shape on a host that nobody knows, and telemetry is not', () => {
    const gateway = {
      host: 'llm.example.com',
      sent: openai.sent.replace('api.openai.com', 'llm.example.com'),
      received: openai.received,
    };
    const [event] = decode(exchange(gateway)).of('ai.request');
    expect(event?.confidence).toMatchObject({ level: 'medium', ai_detection_method: 'payload_inspection' });
    expect(data<AiRequestData>(event).provider.name).toBe('other');
    for (const path of ['/v1/traces', '/v1/chat/completions']) {
      const other = { ...gateway, sent: request('llm.example.com', path, { events: [{ model: 'gpt-x' }] }) };
      const { out, count, decoder } = decode(exchange(other));
      expect(out).toEqual([]);
      expect(count('ignored_requests')).toBe(1);
      expect(decoder.bytes).toBe(0);
    }
  });
});

describe('other providers', () => {
  it('reads Gemini with thoughts apart and calls without ids', () => {
    const host = 'generativelanguage.googleapis.com';
    const answer = [
      { candidates: [{ content: { parts: [{ text: 'hm', thought: true }], role: 'model' } }], responseId: 'r1' },
      { candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: { x: 1 } } }] }, finishReason: 'STOP' }] },
      { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 6, thoughtsTokenCount: 7, totalTokenCount: 18 } },
    ];
    const sent = request(host, '/v1beta/models/gemini-x:streamGenerateContent', {
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        {
          role: 'model',
          parts: [{ functionCall: { name: 'f', args: {} } }, { functionCall: { name: 'g', args: {} } }],
        },
        { role: 'user', parts: [{ functionResponse: { name: 'g', response: { ok: true } } }] },
      ],
    });
    for (const received of [response(answer), sse(answer)]) {
      const { of } = decode(exchange({ host, sent, received }));
      expect(data<AiRequestData>(of('ai.request')[0])).toMatchObject({
        provider: { name: 'google' },
        model: { id: 'gemini-x' },
        streaming: true,
      });
      expect(of('ai.request')[0]?.attrs).toMatchObject({
        'gen_ai.provider.name': 'gcp.gemini',
        'gen_ai.operation.name': 'generate_content',
      });
      expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({
        provider_request_id: 'r1',
        finish_reason: 'stop',
        usage: { prompt_tokens: 5, completion_tokens: 6, reasoning_tokens: 7, total_tokens: 18 },
      });
      const [call] = of('agent.tool_call');
      expect(call?.attrs?.['oisp.call_id.derived']).toBe(true);
      const [result] = of('agent.tool_result');
      expect(data<ToolResultData>(result)).toMatchObject({ index: 1, tool: { name: 'g' }, result: { ok: true } });
      expect(result?.attrs?.['oisp.call_id.derived']).toBe(true);
    }
  });

  it('reads the Responses API as a stream', () => {
    const item = { type: 'function_call', call_id: 'call_1', name: 'sh', arguments: '{"c":"ls"}' };
    const final = {
      id: 'resp_1',
      model: 'gpt-y',
      status: 'completed',
      output: [{ type: 'reasoning', summary: [{ type: 'summary_text', text: 'I think' }] }, item],
      usage: { input_tokens: 3, output_tokens: 4, output_tokens_details: { reasoning_tokens: 1 } },
    };
    const received = sse([
      { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } },
      { type: 'response.output_item.done', output_index: 1, item },
      { type: 'response.completed', response: final },
    ]);
    const sent = request('api.openai.com', '/v1/responses', {
      model: 'gpt-y',
      stream: true,
      instructions: 'Short.',
      previous_response_id: 'resp_0',
      input: [{ type: 'function_call_output', call_id: 'call_0', output: 'done' }],
    });
    const { of } = decode(exchange({ host: 'api.openai.com', sent, received }));
    expect(data<AiRequestData>(of('ai.request')[0])).toMatchObject({
      previous_response_id: 'resp_0',
      has_system_prompt: true,
    });
    expect(data<ToolResultData>(of('agent.tool_result')[0])).toMatchObject({ call_id: 'call_0', result: 'done' });
    expect(of('agent.tool_call')).toHaveLength(1);
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({
      finish_reason: 'tool_calls',
      tool_calls: [{ id: 'call_1', name: 'sh', arguments: { c: 'ls' } }],
      usage: { prompt_tokens: 3, completion_tokens: 4, reasoning_tokens: 1 },
    });
  });

  it('reads streamed chat calls that share an index and end without a mark', () => {
    const delta = (tool: object): object => ({
      id: 'x',
      model: 'm',
      choices: [{ index: 0, delta: { tool_calls: [tool] } }],
    });
    const received = sse([
      delta({ index: 0, id: 'a', function: { name: 'f', arguments: '{"q"' } }),
      delta({ index: 0, function: { arguments: ':1}' } }),
      delta({ index: 0, id: 'b', function: { name: 'g', arguments: '{}' } }),
    ]);
    const { of } = decode(exchange({ ...openai, received }));
    expect(of('agent.tool_call').map((event) => data<ToolCallData>(event))).toMatchObject([
      { call_id: 'a', arguments: { q: 1 } },
      { call_id: 'b', arguments: {} },
    ]);
  });

  it('names other operations by their path and never takes them for a chat', () => {
    const sent = request('api.openai.com', '/v1/images/generations', { model: 'img', prompt: 'a cat' });
    const { of } = decode(exchange({ host: 'api.openai.com', sent, received: response({ data: [] }) }));
    expect(data<AiRequestData>(of('ai.request')[0]).request_type).toBe('image');
  });
});

describe('compressed answers', () => {
  const text = ANTHROPIC_EVENTS.map(sseText).join('');

  it.each([
    ['gzip', zlib.gzipSync(text)],
    ['deflate', zlib.deflateSync(text)],
    ['deflate', zlib.deflateRawSync(text)],
    ['br', zlib.brotliCompressSync(text)],
  ])('reads %s', (name, bytes) => {
    const plain = decode(exchange(anthropic));
    const packed = decode(exchange({ ...anthropic, received: sse([], { name, pieces: [bytes] }) }, 7));
    expect(timeless(packed.out)).toEqual(timeless(plain.out));
  });

  it('gives what a cut gzip stream holds, and the call before it ends', () => {
    const gzip = zlib.createGzip();
    const bytes = zlib.gzipSync(text, { level: 0 });
    gzip.destroy();
    const cut = sse([], { name: 'gzip', pieces: [bytes.subarray(0, bytes.length - 60)] });
    const events = new Recorder()
      .open('c', { sni: anthropic.host })
      .data('c', 'sent', anthropic.sent)
      .data('c', 'received', cut.subarray(0, cut.length - 20))
      .close('c', 'error').events;
    const { of } = decode(events);
    expect(of('agent.tool_call')).toHaveLength(1);
    expect(of('ai.response')[0]?.confidence.completeness).toBe('partial');
  });

  it('stops at a bomb, and says what it cannot read', () => {
    const bomb = zlib.gzipSync(Buffer.alloc(8 << 20, 0x20));
    const { count, of } = decode(exchange({ ...anthropic, received: sse([], { name: 'gzip', pieces: [bomb] }) }), {
      maxBodyBytes: 1 << 20,
    });
    expect(count('damaged_bodies')).toBe(1);
    expect(of('ai.response')[0]?.confidence).toMatchObject({
      completeness: 'partial',
      missing: ['response body: too large'],
    });
    const odd = decode(exchange({ ...anthropic, received: sse([], { name: 'compress', pieces: [Buffer.from('x')] }) }));
    expect(odd.count('unsupported')).toBe(1);
    expect(odd.lines).toHaveLength(1);
  });
});

describe('records out of order and lost', () => {
  const inOrder = exchange(anthropic, 100);
  const expected = decode(inOrder).out;

  it('gives the same events in any order of delivery', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: inOrder.length, maxLength: inOrder.length }), (weights) => {
        const shuffled = inOrder
          .map((event, i) => ({ event, weight: weights[i] ?? 0 }))
          .sort((a, b) => a.weight - b.weight)
          .map(({ event }) => event);
        expect(decode(shuffled).out).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it('gives the same events in batches of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (size) => {
        const { decoder } = makeDecoder();
        const out: OispEvent[] = [];
        for (let at = 0; at < inOrder.length; at += size)
          out.push(...decoder.push(inOrder.slice(at, at + size)).events);
        out.push(...decoder.finish().events);
        expect(out).toEqual(expected);
      }),
    );
  });

  it('drops records that come twice', () => {
    const { out, count } = decode(
      inOrder.flatMap((event) => (event.event_type === 'capture.data' ? [event, event] : [event])),
    );
    expect(out).toEqual(expected);
    expect(count('duplicate_records')).toBe(inOrder.length - 2);
  });

  it('waits for a missing record until the window is over, then marks the loss', () => {
    const recorder = new Recorder().open('c', { sni: anthropic.host }).data('c', 'sent', anthropic.sent);
    const at = anthropic.received.indexOf('I look');
    recorder.data('c', 'received', anthropic.received.subarray(0, at)).lose('c', 'received', 5);
    recorder.data('c', 'received', anthropic.received.subarray(at + 5));
    const { decoder, count } = makeDecoder();
    expect(decoder.push(recorder.events).events.map((event) => event.event_type)).toEqual([
      'ai.request',
      'agent.tool_result',
    ]);
    expect(count('gaps')).toBe(0);
    const later = recorder.wait(2_500).record('process.exit', { exit_code: 0 });
    const out = decoder.push([later]).events;
    expect(count('gaps')).toBe(1);
    const answer = out.find((event) => event.event_type === 'ai.response');
    expect(answer?.confidence).toMatchObject({ completeness: 'partial' });
    expect(data<AiResponseData>(answer)).toMatchObject({ success: true, usage: { completion_tokens: 42 } });
  });

  it('loses one exchange at most after a loss of any length anywhere', () => {
    const recorder = (): Recorder => new Recorder().open('c');
    fc.assert(
      fc.property(fc.nat(4), fc.nat(openai.sent.length - 2), fc.boolean(), (k, at, inSent) => {
        const r = recorder();
        for (let i = 0; i < 6; i++) {
          const sides = { sent: Buffer.from(openai.sent), received: Buffer.from(openai.received) };
          for (const dir of ['sent', 'received'] as const) {
            const bytes = sides[dir];
            const hurt = i === k && inSent === (dir === 'sent');
            if (!hurt) {
              r.data('c', dir, bytes);
              continue;
            }
            const from = Math.min(at, bytes.length - 2);
            if (from > 0) r.data('c', dir, bytes.subarray(0, from));
            r.lose('c', dir, 1);
            r.data('c', dir, bytes.subarray(from + 1));
          }
        }
        const answers = decode(r.close('c').events).of('ai.response');
        expect(answers.filter((event) => event.confidence.completeness === 'full').length).toBeGreaterThanOrEqual(5);
      }),
      { numRuns: 150 },
    );
  });
});

describe('any bytes', () => {
  const hash = (events: readonly OispEvent[]): string =>
    createHash('sha256')
      .update(JSON.stringify(timeless(events)))
      .digest('hex');

  it('give the same events however they are cut', () => {
    const whole = [anthropic, openai].map((sample) => hash(decode(exchange(sample)).out));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 1 }), (size, which) => {
        const sample = which === 0 ? anthropic : openai;
        expect(hash(decode(exchange(sample, size)).out)).toBe(whole[which]);
      }),
      {
        numRuns: 60,
        examples: [
          [1, 0],
          [1, 1],
          [2, 0],
          [3, 1],
        ],
      },
    );
  });

  it('never throw, whatever they are changed to', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom(anthropic, openai),
        (changes, size, sample) => {
          const sides = [Buffer.from(sample.sent), Buffer.from(sample.received)];
          for (const [at, byte] of changes) {
            const side = sides[at % 2] ?? Buffer.alloc(0);
            side[Math.floor(at / 2) % side.length] = byte;
          }
          const events = new Recorder()
            .open('c')
            .data('c', 'sent', sides[0] ?? '', size)
            .data('c', 'received', sides[1] ?? '', size)
            .close('c').events;
          const { decoder } = decode(events);
          expect(decoder.bytes).toBe(0);
          expect(decoder.connections).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('bounds', () => {
  it('lets go of the connection that was silent for longest when all hold too much', () => {
    const r = new Recorder();
    const half = Buffer.from(
      request('api.openai.com', '/v1/chat/completions', {
        model: 'm',
        messages: [{ role: 'user', content: 'x'.repeat(40_000) }],
      }),
    );
    for (const conn of ['a', 'b', 'c']) r.open(conn).data(conn, 'sent', half.subarray(0, 30_000));
    const { decoder, count, lines } = makeDecoder({ maxTotalBytes: 70_000 });
    const out = decoder.push(r.events).events;
    expect(out.map((event) => event.event_type)).toEqual(['ai.request', 'ai.response']);
    expect(out[0]?.confidence.completeness).toBe('partial');
    expect(data<AiRequestData>(out[0]).model?.id).toBe('m');
    expect(count('evicted')).toBe(1);
    expect(lines).toHaveLength(1);
    expect(decoder.bytes).toBeLessThanOrEqual(70_000);
  });

  it('knows no more connections than it may', () => {
    const r = new Recorder();
    for (let i = 0; i < 50; i++) r.open(`c${i}`);
    const { decoder } = makeDecoder({ maxConnections: 10 });
    decoder.push(r.events);
    expect(decoder.connections).toBeLessThanOrEqual(10);
  });

  it('counts protocols that are not read', () => {
    const ws = new Recorder()
      .open('c')
      .data('c', 'sent', 'GET /v1/notices HTTP/1.1\r\nHost: api.openai.com\r\nUpgrade: websocket\r\n\r\n')
      .data('c', 'received', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\u0081\u0001').events;
    expect(decode(ws).count('unsupported')).toBe(1);
  });
});
