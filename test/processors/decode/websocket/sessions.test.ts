import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { AiRequestData, AiResponseData, OispEvent, ToolCallData, ToolResultData } from '../../../../core/index.ts';
import { decode, makeDecoder, Recorder, response, timeless } from '../capture.ts';
import { frame } from './frames.ts';
import { type Chunk, inbox, recordsOf, type TapOptions, tap } from './tap.ts';

const data = <T>(event: OispEvent | undefined): T => event?.data as T;

/** One side's line of a script. */
type Line = readonly ['client' | 'server', object | Buffer];

/** Plays a script between a real client and a real server, each line after the one before has arrived. */
function play(
  options: TapOptions,
  script: readonly Line[],
  end?: (client: WebSocket, server: WebSocket) => void,
): Promise<Chunk[]> {
  return tap(options, async (client, server) => {
    const atServer = inbox(server);
    const atClient = inbox(client);
    for (const [from, line] of script) {
      const wire = Buffer.isBuffer(line) ? line : JSON.stringify(line);
      if (from === 'client') {
        client.send(wire);
        await atServer();
      } else {
        server.send(wire);
        await atClient();
      }
    }
    if (end !== undefined) {
      const closed = new Promise((resolve) => client.once('close', resolve));
      end(client, server);
      await closed;
    }
  });
}

const OPENAI: TapOptions['client'] = {
  headers: { host: 'api.openai.com', authorization: 'Bearer sk-proj-secretsecret', 'user-agent': 'OpenAI/JS 7.10.0' },
};

const TOOL = { type: 'function', name: 'weather', description: 'Tells the weather.', parameters: { type: 'object' } };
const USAGE = {
  total_tokens: 30,
  input_tokens: 20,
  output_tokens: 10,
  input_token_details: { text_tokens: 15, audio_tokens: 5, cached_tokens: 4 },
  output_token_details: { text_tokens: 6, audio_tokens: 4 },
};

const SESSION = {
  type: 'session.created',
  event_id: 'e0',
  session: { type: 'realtime', id: 'sess_1', model: 'gpt-realtime', instructions: 'Default.', tools: [] },
};

function spoken(id: string, item: string, words: string, more: object = {}): Line[] {
  const output = [
    {
      id: item,
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_audio', transcript: words }],
    },
  ];
  return [
    ['server', { type: 'response.created', response: { id, status: 'in_progress', output: [] } }],
    ['server', { type: 'response.output_item.added', response_id: id, output_index: 0, item: { id: item } }],
    [
      'server',
      {
        type: 'response.output_audio_transcript.delta',
        response_id: id,
        item_id: item,
        output_index: 0,
        delta: words.slice(0, 3),
      },
    ],
    [
      'server',
      {
        type: 'response.output_audio.delta',
        response_id: id,
        item_id: item,
        output_index: 0,
        delta: 'AAAA'.repeat(25),
      },
    ],
    [
      'server',
      {
        type: 'response.output_audio_transcript.delta',
        response_id: id,
        item_id: item,
        output_index: 0,
        delta: words.slice(3),
      },
    ],
    ['server', { type: 'response.output_item.done', response_id: id, output_index: 0, item: output[0] }],
    ['server', { type: 'response.done', response: { id, status: 'completed', output, usage: USAGE, ...more } }],
  ];
}

const REALTIME: readonly Line[] = [
  ['server', SESSION],
  [
    'client',
    {
      type: 'session.update',
      session: { type: 'realtime', instructions: 'Be kind.', tools: [TOOL], tool_choice: 'auto' },
    },
  ],
  [
    'server',
    {
      type: 'session.updated',
      session: { ...SESSION.session, instructions: 'Be kind.', tools: [TOOL], tool_choice: 'auto' },
    },
  ],
  [
    'client',
    {
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Wie ist das Wetter in Köln?' }] },
    },
  ],
  ['client', { type: 'response.create', event_id: 'c1' }],
  ['server', { type: 'response.created', response: { id: 'resp_1', status: 'in_progress', output: [] } }],
  [
    'server',
    {
      type: 'response.function_call_arguments.delta',
      response_id: 'resp_1',
      item_id: 'i1',
      output_index: 0,
      delta: '{"city":',
    },
  ],
  [
    'server',
    {
      type: 'response.output_item.done',
      response_id: 'resp_1',
      output_index: 0,
      item: { id: 'i1', type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Köln"}' },
    },
  ],
  [
    'server',
    {
      type: 'response.done',
      response: {
        id: 'resp_1',
        status: 'completed',
        output: [{ id: 'i1', type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Köln"}' }],
        usage: USAGE,
      },
    },
  ],
  [
    'client',
    {
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: 'call_1', output: '{"sky":"blue"}' },
    },
  ],
  ['client', { type: 'response.create' }],
  ...spoken('resp_2', 'i2', 'Der Himmel ist blau.'),
];

/** What an event says. The settings of the session may be older ones, and the name of a result's tool stands in its call. */
function said(event: OispEvent): string {
  const { messages, choices, tool_calls: calls, provider_request_id: id } = data<AiRequestData & AiResponseData>(event);
  const asked = JSON.stringify(messages?.filter(({ role }) => role !== 'system') ?? []).replace(/"name":"\w+",/g, '');
  return JSON.stringify({ asked, choices, calls, id }).replace(/,\\?"size\\?":\d+/g, '');
}

/** Loses records at random: what comes out as whole is what was sent. */
function loseSome(chunks: readonly Chunk[], sni: string, numRuns = 40): void {
  const known = new Set(decode(recordsOf(chunks, undefined, { sni })).out.map(said));
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), fc.integer({ min: 5, max: 400 }), (lost, size) => {
      const records = recordsOf(chunks, () => size, { sni });
      const from = records.findIndex((record) => JSON.stringify(record.data).includes('"seq":1,'));
      const gone = new Set(lost.map((n) => from + (n % (records.length - 1 - from))));
      const { of } = decode(records.filter((_, i) => !gone.has(i)));
      expect(of('ai.response').length).toBe(of('ai.request').length);
      for (const event of [...of('ai.request'), ...of('ai.response')])
        if (event.confidence.completeness === 'full' && !known.has(said(event))) expect(said(event)).toBe('said');
    }),
    { numRuns },
  );
}

describe('a Realtime session', () => {
  it('gives a call for each response, with its tools in between', async () => {
    const chunks = await play({ path: '/v1/realtime?model=gpt-realtime', client: OPENAI, deflate: true }, REALTIME);
    const { out, of, count } = decode(recordsOf(chunks));
    expect(out.map((event) => event.event_type)).toEqual([
      'ai.request',
      'agent.tool_call',
      'ai.response',
      'ai.request',
      'agent.tool_result',
      'ai.response',
    ]);
    const [first, second] = of('ai.request');
    expect(data<AiRequestData>(first)).toMatchObject({
      conversation_id: 'sess_1',
      provider: { name: 'openai', endpoint: 'api.openai.com' },
      model: { id: 'gpt-realtime' },
      auth: { type: 'api_key', key_prefix: 'sk-proj-' },
      request_type: 'chat',
      streaming: true,
      has_system_prompt: true,
      tools: [{ name: 'weather', type: 'function' }],
      tool_choice: 'auto',
      messages: [
        { role: 'system', content: 'Be kind.', attrs: { separate: true } },
        { role: 'user', content: 'Wie ist das Wetter in Köln?' },
      ],
    });
    expect(first?.attrs).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'url.path': '/v1/realtime',
      'oisp.client.package': 'OpenAI/JS',
    });
    expect(first?.confidence).toMatchObject({ level: 'high', completeness: 'full' });
    expect(data<ToolCallData>(of('agent.tool_call')[0])).toMatchObject({
      tool: { name: 'weather' },
      call_id: 'call_1',
      arguments: { city: 'Köln' },
      request_id: data<AiRequestData>(first).request_id,
    });
    expect(data<ToolResultData>(of('agent.tool_result')[0])).toMatchObject({
      tool: { name: 'weather' },
      call_id: 'call_1',
      result: '{"sky":"blue"}',
      request_id: data<AiRequestData>(second).request_id,
    });
    const [called, answered] = of('ai.response').map((event) => data<AiResponseData>(event));
    expect(called).toMatchObject({
      request_id: data<AiRequestData>(first).request_id,
      provider_request_id: 'resp_1',
      success: true,
      finish_reason: 'tool_calls',
      streaming: true,
    });
    expect(answered).toMatchObject({
      conversation_id: 'sess_1',
      provider_request_id: 'resp_2',
      model: { id: 'gpt-realtime' },
      finish_reason: 'stop',
      usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30, cached_tokens: 4, provider: USAGE },
      choices: [
        {
          message: {
            role: 'assistant',
            content: 'Der Himmel ist blau.',
            parts: [
              { type: 'blob', modality: 'audio', size: 75 },
              { type: 'text', content: 'Der Himmel ist blau.' },
            ],
          },
        },
      ],
    });
    expect(answered?.time_to_first_token_ms).toBeGreaterThan(0);
    expect(count('lost_messages') + count('unreadable_messages') + count('websocket_refused')).toBe(0);
    expect(JSON.stringify(out)).not.toContain('secretsecret');
    expect(new Set(out.map((event) => event.event_id)).size).toBe(out.length);
  });

  it.each([1, 2, 7, 64, 1000])('gives the same in records of %i bytes', async (size) => {
    const chunks = await play(
      { path: '/v1/realtime?model=gpt-realtime', client: OPENAI, deflate: { threshold: 0 } },
      REALTIME,
    );
    const whole = decode(recordsOf(chunks));
    expect(whole.of('ai.response')).toHaveLength(2);
    expect(timeless(decode(recordsOf(chunks, () => size)).out)).toEqual(timeless(whole.out));
  });
});

const message = (words: string): object => ({
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text: words }],
});
const answer = (id: string, words: string, lane?: string): Line[] => {
  const item = { id: `m_${id}`, type: 'message', role: 'assistant', content: [{ type: 'output_text', text: words }] };
  const more = lane === undefined ? {} : { stream_id: lane };
  return [
    [
      'server',
      {
        type: 'response.created',
        response: { id, model: 'gpt-6-astra', status: 'in_progress', output: [] },
        ...more,
      },
    ],
    ['server', { type: 'response.output_text.delta', output_index: 0, delta: words, ...more }],
    ['server', { type: 'response.output_item.done', output_index: 0, item, ...more }],
    [
      'server',
      {
        type: 'response.completed',
        response: {
          id,
          model: 'gpt-6-astra',
          status: 'completed',
          output: [item],
          usage: { input_tokens: 7, output_tokens: 3, total_tokens: 10 },
        },
        ...more,
      },
    ],
  ];
};
const CALL = { id: 'fc', type: 'function_call', call_id: 'call_9', name: 'shell', arguments: '{"cmd":"ls"}' };
const LOOP: readonly Line[] = [
  [
    'client',
    {
      type: 'response.create',
      model: 'gpt-6-astra',
      instructions: 'Code.',
      store: false,
      input: [message('Look.')],
      tools: [TOOL],
    },
  ],
  ['server', { type: 'codex.rate_limits', plan: 'pro' }],
  [
    'server',
    { type: 'response.created', response: { id: 'resp_a', model: 'gpt-6-astra', status: 'in_progress', output: [] } },
  ],
  ['server', { type: 'response.output_item.done', output_index: 0, item: CALL }],
  [
    'server',
    {
      type: 'response.completed',
      response: { id: 'resp_a', model: 'gpt-6-astra', status: 'completed', output: [CALL] },
    },
  ],
  [
    'client',
    {
      type: 'response.create',
      model: 'gpt-6-astra',
      previous_response_id: 'resp_a',
      input: [{ type: 'function_call_output', call_id: 'call_9', output: 'a.ts' }],
    },
  ],
  ...answer('resp_b', 'One file.'),
];

const LIVE_HOST = 'generativelanguage.googleapis.com';
const PATH = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const GOOGLE: TapOptions = {
  path: `${PATH}?key=AIzaSecretSecret`,
  client: { headers: { host: LIVE_HOST } },
  deflate: true,
};
const binary = (body: object): Buffer => Buffer.from(JSON.stringify(body));
const USED = {
  promptTokenCount: 12,
  responseTokenCount: 8,
  totalTokenCount: 20,
  responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 8 }],
};
const sound = (size: number): object => ({
  inlineData: { mimeType: 'audio/pcm;rate=24000', data: 'A'.repeat(size) },
});
const SETUP = {
  setup: {
    model: 'models/gemini-live',
    generationConfig: { responseModalities: ['AUDIO'], temperature: 0.5 },
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    tools: [{ functionDeclarations: [{ name: 'light', description: 'Switches.', parameters: { type: 'OBJECT' } }] }],
    inputAudioTranscription: {},
    outputAudioTranscription: {},
  },
};
const LIVE: readonly Line[] = [
  ['client', SETUP],
  ['server', binary({ setupComplete: {} })],
  [
    'client',
    {
      clientContent: { turns: [{ role: 'user', parts: [{ text: 'Licht an, bitte – schön' }] }], turnComplete: true },
    },
  ],
  ['server', binary({ toolCall: { functionCalls: [{ id: 'f1', name: 'light', args: { on: true } }] } })],
  ['client', { toolResponse: { functionResponses: [{ id: 'f1', response: { ok: true } }] } }],
  ['server', binary({ serverContent: { modelTurn: { parts: [sound(400)] } } })],
  ['server', binary({ serverContent: { outputTranscription: { text: 'Es ist ' } } })],
  ['server', binary({ serverContent: { modelTurn: { parts: [sound(400)] } } })],
  ['server', binary({ serverContent: { outputTranscription: { text: 'hell.' } } })],
  ['server', binary({ serverContent: { generationComplete: true } })],
  ['server', binary({ serverContent: { turnComplete: true }, usageMetadata: USED })],
  ['client', { realtimeInput: { audio: { mimeType: 'audio/pcm;rate=16000', data: 'A'.repeat(800) } } }],
  ['client', { realtimeInput: { audio: { mimeType: 'audio/pcm;rate=16000', data: 'A'.repeat(800) } } }],
  ['server', binary({ serverContent: { inputTranscription: { text: 'Und ' } } })],
  ['server', binary({ serverContent: { modelTurn: { parts: [sound(40)] } } })],
  ['server', binary({ serverContent: { inputTranscription: { text: 'jetzt?' } } })],
  ['server', binary({ serverContent: { interrupted: true } })],
  ['server', binary({ serverContent: { turnComplete: true } })],
  ['server', binary({ goAway: { timeLeft: '10s' }, sessionResumptionUpdate: { newHandle: 'h', resumable: true } })],
];

const COMPRESSED = [false, { threshold: 0 }] as const;

describe.each(COMPRESSED)('with deflate %j, nothing is said to be whole where bytes of it were lost', (deflate) => {
  it('of Realtime', async () => {
    const chunks = await play({ path: '/v1/realtime', client: OPENAI, deflate }, [
      ...REALTIME,
      [
        'client',
        {
          type: 'conversation.item.create',
          item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Danke!' }] },
        },
      ],
      ['client', { type: 'response.create' }],
      ...spoken('resp_3', 'i3', 'Bitte.'),
    ]);
    loseSome(chunks, 'api.openai.com');
  });

  it('of Responses', async () => {
    const chunks = await play({ path: '/v1/responses', client: OPENAI, deflate }, [
      ...LOOP,
      ['client', { type: 'response.create', model: 'm', previous_response_id: 'resp_b', input: 'Once more.' }],
      ...answer('resp_c', 'Two files.'),
    ]);
    loseSome(chunks, 'api.openai.com');
  });

  it('of Gemini Live', async () => {
    const chunks = await play({ ...GOOGLE, deflate }, LIVE);
    loseSome(chunks, LIVE_HOST);
  });
});

describe('a Realtime session that is spoken to', () => {
  const AUDIO = { type: 'input_audio_buffer.append', audio: 'AAAA'.repeat(1000) };
  const BETA = {
    type: 'session.created',
    session: { id: 'sess_2', model: 'gpt-4o-realtime-preview', input_audio_transcription: { model: 'whisper-1' } },
  };
  const created = (id: string): Line => [
    'server',
    { type: 'response.created', response: { id, status: 'in_progress' } },
  ];

  it('has what was said as text beside the audio, without the audio, by the names of the beta', async () => {
    const chunks = await play(
      {
        path: '/openai/realtime?api-version=2024-10-01-preview&deployment=my-realtime',
        client: { headers: { host: 'me.openai.azure.com', 'api-key': '0123456789abcdef' } },
      },
      [
        ['server', BETA],
        ['client', AUDIO],
        ['client', AUDIO],
        ['server', { type: 'input_audio_buffer.speech_stopped', item_id: 'u1' }],
        ['server', { type: 'input_audio_buffer.committed', item_id: 'u1' }],
        created('r1'),
        [
          'server',
          { type: 'response.audio_transcript.delta', response_id: 'r1', item_id: 'a1', output_index: 0, delta: 'Hel' },
        ],
        [
          'server',
          { type: 'conversation.item.input_audio_transcription.completed', item_id: 'u1', transcript: 'Hi there' },
        ],
        [
          'server',
          {
            type: 'response.done',
            response: {
              id: 'r1',
              status: 'cancelled',
              status_details: { type: 'cancelled', reason: 'turn_detected' },
              output: [
                { id: 'a1', type: 'message', role: 'assistant', content: [{ type: 'audio', transcript: 'Hel' }] },
              ],
            },
          },
        ],
      ],
    );
    const { out, of } = decode(recordsOf(chunks, undefined, { sni: 'me.openai.azure.com' }));
    expect(out.map((event) => event.event_type)).toEqual(['ai.request', 'ai.response']);
    expect(data<AiRequestData>(of('ai.request')[0])).toMatchObject({
      conversation_id: 'sess_2',
      model: { id: 'gpt-4o-realtime-preview' },
      auth: { type: 'api_key', key_prefix: '01234567' },
      messages: [
        {
          role: 'user',
          content: 'Hi there',
          parts: [
            { type: 'blob', modality: 'audio', size: 6000 },
            { type: 'text', content: 'Hi there' },
          ],
        },
      ],
    });
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({ success: true, finish_reason: 'other' });
    expect(of('ai.response')[0]?.attrs?.['gen_ai.response.finish_reasons']).toEqual(['cancelled']);
    expect(of('ai.response')[0]?.confidence.completeness).toBe('full');
    expect(JSON.stringify(out)).not.toContain('AAAA');
  });

  it('keeps words that were written down too late for the next request', async () => {
    const chunks = await play({ path: '/v1/realtime', client: OPENAI }, [
      ['server', BETA],
      ['client', AUDIO],
      ['client', { type: 'input_audio_buffer.commit' }],
      ['client', { type: 'response.create' }],
      ['server', { type: 'input_audio_buffer.committed', item_id: 'u1' }],
      ...spoken('r1', 'a1', 'Yes.'),
      ['server', { type: 'conversation.item.input_audio_transcription.completed', item_id: 'u1', transcript: 'Late' }],
      ['client', { type: 'response.create', response: { instructions: 'Short.' } }],
      ...spoken('r2', 'a2', 'Ok then.'),
    ]);
    const requests = decode(recordsOf(chunks))
      .of('ai.request')
      .map((event) => data<AiRequestData>(event).messages);
    expect(requests[0]?.map((message) => message.parts)).toEqual([[{ type: 'blob', modality: 'audio', size: 3000 }]]);
    expect(requests[1]?.map((message) => message.content)).toEqual(['Short.', 'Late']);
  });

  it('that only writes down is a call for each transcript, and no chat', async () => {
    const usage = { type: 'tokens', input_tokens: 11, output_tokens: 3, total_tokens: 14 };
    const done = 'conversation.item.input_audio_transcription.completed';
    const chunks = await play({ path: '/v1/realtime?intent=transcription', client: OPENAI }, [
      [
        'client',
        {
          type: 'session.update',
          session: { type: 'transcription', audio: { input: { transcription: { model: 'gpt-t' } } } },
        },
      ],
      ['client', AUDIO],
      ['server', { type: 'input_audio_buffer.committed', item_id: 'u1' }],
      ['server', { type: done, item_id: 'u1', transcript: 'Hi there', usage }],
    ]);
    const { of } = decode(recordsOf(chunks));
    expect(data<AiRequestData>(of('ai.request')[0])).toMatchObject({
      model: { id: 'gpt-t' },
      request_type: 'audio',
      messages: [{ role: 'user', parts: [{ type: 'blob', modality: 'audio', size: 3000 }] }],
    });
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({
      choices: [{ message: { content: 'Hi there' } }],
      usage: { prompt_tokens: 11, completion_tokens: 3 },
    });
  });

  it('has a call out of the conversation leave what waits', async () => {
    const chunks = await play({ path: '/v1/realtime', client: OPENAI }, [
      ['server', SESSION],
      [
        'client',
        {
          type: 'conversation.item.create',
          item: { id: 'x', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'waits' }] },
        },
      ],
      [
        'client',
        {
          type: 'response.create',
          response: {
            conversation: 'none',
            input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'own' }] }],
          },
        },
      ],
      ...spoken('r1', 'a1', 'One.'),
      ['client', { type: 'response.create' }],
      ...spoken('r2', 'a2', 'Two.'),
    ]);
    const requests = decode(recordsOf(chunks))
      .of('ai.request')
      .map((event) => data<AiRequestData>(event).messages);
    expect(requests.map((messages) => messages?.map((message) => message.content))).toEqual([
      ['Default.', 'own'],
      ['Default.', 'waits'],
    ]);
  });

  it('tells the errors of calls, and counts the others', async () => {
    const chunks = await play({ path: '/v1/realtime', client: OPENAI }, [
      ['server', SESSION],
      ['client', { type: 'session.update', event_id: 's1', session: { voice: 'none' } }],
      [
        'server',
        {
          type: 'error',
          error: { type: 'invalid_request_error', param: 'session.voice', event_id: 's1', message: 'No.' },
        },
      ],
      ['client', { type: 'response.create', event_id: 'c1' }],
      [
        'server',
        {
          type: 'error',
          error: {
            type: 'invalid_request_error',
            code: 'conversation_already_has_active_response',
            event_id: 'c1',
            message: 'Busy.',
          },
        },
      ],
      ['client', { type: 'response.create' }],
      created('r1'),
      [
        'server',
        {
          type: 'response.done',
          response: {
            id: 'r1',
            status: 'failed',
            output: [],
            status_details: {
              type: 'failed',
              error: { type: 'server_error', code: 'rate_limit_exceeded', message: 'Slow.' },
            },
          },
        },
      ],
    ]);
    const { of, count } = decode(recordsOf(chunks));
    expect(of('ai.response').map((event) => data<AiResponseData>(event).error)).toEqual([
      { type: 'invalid_request_error', code: 'conversation_already_has_active_response', message: 'Busy.' },
      { type: 'server_error', code: 'rate_limit_exceeded', message: 'Slow.' },
    ]);
    expect(count('session_errors')).toBe(1);
  });

  it('is partial when the connection breaks off, with what came', async () => {
    const lines = [...REALTIME.slice(0, -2), ['client', { type: 'response.create' }] as const];
    const chunks = await play({ path: '/v1/realtime', client: OPENAI }, lines);
    const { of } = decode(recordsOf(chunks, undefined, { close: 'error' }));
    const [, broken, unanswered] = of('ai.response');
    expect(data<AiResponseData>(broken)).toMatchObject({
      success: false,
      error: { type: 'connection_closed' },
      choices: [{ message: { content: 'Der Himmel ist blau.' } }],
    });
    expect(broken?.confidence).toMatchObject({ completeness: 'partial', missing: ['end of response'] });
    expect(data<AiResponseData>(unanswered)).toMatchObject({ success: false, error: { type: 'no_response' } });
    const later = decode(recordsOf(chunks).slice(0, -1));
    expect(later.of('ai.response')[1]?.confidence.missing).toEqual(['end of response']);
    expect(data<AiResponseData>(later.of('ai.response')[1]).success).toBe(true);
  });

  it('knows a key in the name of a subprotocol, and keeps it to itself', async () => {
    const protocols = ['realtime', 'openai-insecure-api-key.ek_0123456789abcdef', 'openai-beta.realtime-v1'];
    const chunks = await play(
      { path: '/v1/realtime?model=m', protocols, client: { headers: { host: 'api.openai.com' } } },
      REALTIME,
    );
    const { of, out } = decode(recordsOf(chunks));
    expect(data<AiRequestData>(of('ai.request')[0]).auth).toMatchObject({ type: 'session', key_prefix: 'ek_01234' });
    expect(JSON.stringify(out)).not.toContain('0123456789');
  });

  it('is known by its messages on a host that nobody knows', async () => {
    const host = 'voice.example.com';
    const chunks = await play({ path: '/v1/realtime?model=m', client: { headers: { host } } }, REALTIME);
    const { of } = decode(recordsOf(chunks, undefined, { sni: host }));
    expect(of('ai.request').map((event) => event.confidence.level)).toEqual(['medium', 'medium']);
    const other = await play({ path: '/realtime', client: { headers: { host } } }, [
      ['client', { topic: 'room:1', event: 'phx_join', payload: {} }],
      ['server', { topic: 'room:1', event: 'phx_reply', payload: { status: 'ok' } }],
    ]);
    const ignored = decode(recordsOf(other, undefined, { sni: host }));
    expect(ignored.out).toEqual([]);
    expect(ignored.count('ignored_requests')).toBe(1);
  });
});

describe('Responses over WebSocket', () => {
  it('has the body of the HTTP request and the events of its answer', async () => {
    const chunks = await play({ path: '/v1/responses', client: OPENAI, deflate: { threshold: 0 } }, LOOP);
    const { out, of } = decode(recordsOf(chunks));
    expect(out.map((event) => event.event_type)).toEqual([
      'ai.request',
      'agent.tool_call',
      'ai.response',
      'ai.request',
      'agent.tool_result',
      'ai.response',
    ]);
    expect(data<AiRequestData>(of('ai.request')[1])).toMatchObject({
      model: { id: 'gpt-6-astra' },
      previous_response_id: 'resp_a',
      streaming: true,
    });
    expect(data<AiResponseData>(of('ai.response')[1])).toMatchObject({
      provider_request_id: 'resp_b',
      finish_reason: 'stop',
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
      choices: [{ message: { content: 'One file.' } }],
    });
    for (const size of [1, 13, 500]) expect(timeless(decode(recordsOf(chunks, () => size)).out)).toEqual(timeless(out));
  });

  it('keeps the lanes of one connection apart', async () => {
    const [one, two] = [answer('r1', 'first', 'x'), answer('r2', 'second', 'y')];
    const chunks = await play({ path: '/v1/responses', client: OPENAI }, [
      ['client', { type: 'response.create', stream_id: 'x', model: 'm', input: 'to x' }],
      ['client', { type: 'response.create', stream_id: 'y', model: 'm', input: 'to y' }],
      ...two.flatMap((line, i) => [line, one[i] as Line]),
    ]);
    const { of } = decode(recordsOf(chunks));
    const asked = new Map(
      of('ai.request').map((event) => [
        data<AiRequestData>(event).request_id,
        data<AiRequestData>(event).messages?.[0]?.content,
      ]),
    );
    const pairs = of('ai.response').map((event) => {
      const { request_id: id, choices } = data<AiResponseData>(event);
      return [asked.get(id), choices?.[0]?.message.content];
    });
    expect(pairs).toEqual([
      ['to y', 'second'],
      ['to x', 'first'],
    ]);
  });

  it('tells an error with its status, and goes on', async () => {
    const error = { type: 'invalid_request_error', code: 'previous_response_not_found', message: 'Gone.' };
    const chunks = await play({ path: '/v1/responses', client: OPENAI }, [
      ['client', { type: 'response.create', model: 'm', previous_response_id: 'resp_x', input: 'a' }],
      ['server', { type: 'error', status: 400, error }],
      ['client', { type: 'response.create', model: 'm', input: 'b' }],
      ...answer('r1', 'Fine.'),
    ]);
    const [failed, fine] = decode(recordsOf(chunks))
      .of('ai.response')
      .map((event) => data<AiResponseData>(event));
    expect(failed).toMatchObject({ success: false, status_code: 400, error });
    expect(fine).toMatchObject({ success: true, choices: [{ message: { content: 'Fine.' } }] });
  });

  it('has a continuation that was steered', async () => {
    const chunks = await play({ path: '/v1/responses', client: OPENAI }, [
      ['client', { type: 'response.create', model: 'm', input: 'a' }],
      ['client', { type: 'response.steer', input: [message('Rather so.')] }],
      ...answer('r1', 'One.'),
      ...answer('r2', 'Two.'),
    ]);
    const { of } = decode(recordsOf(chunks));
    expect(of('ai.request').map((event) => data<AiRequestData>(event).messages?.map(({ content }) => content))).toEqual(
      [['a'], ['Rather so.']],
    );
    expect(of('ai.response')).toHaveLength(2);
  });
});

describe('Gemini Live', () => {
  it('gives a call for each answer, in binary messages too', async () => {
    const chunks = await play(GOOGLE, LIVE);
    const { out, of, count } = decode(recordsOf(chunks, undefined, { sni: LIVE_HOST }));
    expect(out.map((event) => event.event_type)).toEqual([
      'ai.request',
      'agent.tool_call',
      'ai.response',
      'ai.request',
      'agent.tool_result',
      'ai.response',
      'ai.request',
      'ai.response',
    ]);
    const requests = of('ai.request').map((event) => data<AiRequestData>(event));
    expect(requests[0]).toMatchObject({
      provider: { name: 'google', endpoint: LIVE_HOST },
      model: { id: 'gemini-live' },
      auth: { type: 'api_key', key_prefix: 'AIzaSecr' },
      parameters: { temperature: 0.5 },
      tools: [{ name: 'light' }],
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Licht an, bitte – schön' },
      ],
    });
    expect(of('ai.request')[0]?.attrs).toMatchObject({ 'gen_ai.operation.name': 'generate_content' });
    expect(new Set(requests.map((request) => request.conversation_id)).size).toBe(1);
    expect(data<ToolCallData>(of('agent.tool_call')[0])).toMatchObject({
      call_id: 'f1',
      tool: { name: 'light' },
      arguments: { on: true },
    });
    expect(data<ToolResultData>(of('agent.tool_result')[0])).toMatchObject({
      call_id: 'f1',
      tool: { name: 'light' },
      result: { ok: true },
    });
    expect(requests[2]?.messages?.slice(1)).toEqual([
      {
        role: 'user',
        content: 'Und jetzt?',
        parts: [
          { type: 'blob', mime_type: 'audio/pcm;rate=16000', modality: 'audio', size: 1200 },
          { type: 'text', content: 'Und jetzt?' },
        ],
      },
    ]);
    const [called, said, cut] = of('ai.response').map((event) => data<AiResponseData>(event));
    expect(called).toMatchObject({ finish_reason: 'tool_calls', tool_calls_count: 1 });
    expect(said).toMatchObject({
      finish_reason: 'stop',
      usage: { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20, provider: USED },
      choices: [
        {
          message: {
            content: 'Es ist hell.',
            parts: [{ type: 'blob', modality: 'audio', size: 600 }, { type: 'text' }],
          },
        },
      ],
    });
    expect(cut).toMatchObject({ success: true, finish_reason: 'other' });
    expect(of('ai.response')[2]?.attrs?.['gen_ai.response.finish_reasons']).toEqual(['interrupted']);
    expect(count('unreadable_messages')).toBe(0);
    expect(JSON.stringify(out)).not.toMatch(/AAAA|SecretSecret/);
    for (const size of [1, 29, 333])
      expect(timeless(decode(recordsOf(chunks, () => size, { sni: LIVE_HOST })).out)).toEqual(timeless(out));
  });

  it('tells the reason of the close as the error of what was open', async () => {
    const close = (_: WebSocket, server: WebSocket): void => server.close(1011, 'You exceeded your current quota.');
    const error = { type: 'websocket_close', code: '1011', message: 'You exceeded your current quota.' };
    for (const lines of [LIVE.slice(0, 1), LIVE.slice(0, 3), LIVE.slice(0, 7)]) {
      const chunks = await play(GOOGLE, lines, close);
      const failed = decode(recordsOf(chunks, undefined, { sni: LIVE_HOST }))
        .of('ai.response')
        .at(-1);
      expect(data<AiResponseData>(failed)).toMatchObject({ success: false, error });
    }
  });

  it('speaks the same on Vertex AI, by the names of protobuf', async () => {
    const host = 'us-central1-aiplatform.googleapis.com';
    const path = '/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent';
    const model = 'projects/p/locations/us-central1/publishers/google/models/gemini-live';
    const chunks = await play({ path, client: { headers: { host, authorization: 'Bearer ya29.aaaaaaaaaaaaaaaa' } } }, [
      ['client', { setup: { model, system_instruction: { parts: [{ text: 'S' }] } } }],
      ['server', binary({ setupComplete: { sessionId: 'live-1' } })],
      ['client', { client_content: { turns: [{ role: 'user', parts: [{ text: 'U' }] }], turn_complete: true } }],
      ['server', binary({ serverContent: { modelTurn: { parts: [{ text: 'Ant' }] } } })],
      ['server', binary({ serverContent: { modelTurn: { parts: [{ text: 'wort' }] }, turnComplete: true } })],
    ]);
    const { of } = decode(recordsOf(chunks, undefined, { sni: host }));
    expect(data<AiRequestData>(of('ai.request')[0])).toMatchObject({
      conversation_id: 'live-1',
      model: { id: 'gemini-live' },
      auth: { type: 'oauth' },
      messages: [{ content: 'S' }, { content: 'U' }],
    });
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({
      choices: [{ message: { content: 'Antwort' } }],
      finish_reason: 'stop',
    });
  });
});

describe('a WebSocket', () => {
  it('that is no AI API yields nothing but counters', async () => {
    const chunks = await play({ path: '/notices', client: OPENAI, deflate: true }, [
      ['client', { type: 'response.create', model: 'm', input: 'x' }],
      ['server', { type: 'response.created', response: { id: 'r' } }],
    ]);
    const { out, count, decoder } = decode(recordsOf(chunks));
    expect(out).toEqual([]);
    expect([count('unsupported'), count('ignored_requests'), decoder.bytes]).toEqual([1, 1, 0]);
  });

  it('that is refused is a call that failed', () => {
    const error = { error: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'Wrong key.' } };
    const recorder = new Recorder()
      .open('c')
      .data(
        'c',
        'sent',
        'GET /v1/realtime?model=m HTTP/1.1\r\nHost: api.openai.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      )
      .data('c', 'received', response(error, 401))
      .close('c');
    const { of, count } = decode(recorder.events);
    expect(data<AiRequestData>(of('ai.request')[0])).toMatchObject({ model: { id: 'm' }, request_type: 'chat' });
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({
      success: false,
      status_code: 401,
      error: error.error,
    });
    expect(count('ignored_requests')).toBe(0);
  });

  it('that is joined in its middle is counted', () => {
    const recorder = new Recorder()
      .data('c', 'sent', frame('{"type":"response.create"}', { key: 9 }))
      .data('c', 'received', frame('{"type":"response.created"}'));
    const { out, meter } = decode(recorder.events);
    expect(out).toEqual([]);
    const late = meter.samples().find((sample) => sample.labels['protocol'] === 'websocket_late');
    expect(late?.value).toBe(1);
  });

  it('with lost bytes loses what they held, says so, and goes on', async () => {
    const chunks = await play({ path: '/v1/realtime', client: OPENAI }, REALTIME);
    // the record of the answer's end is lost: the next response tells
    const at = chunks.findIndex(
      ({ dir, bytes }) => dir === 'received' && bytes.includes('"response.done"') && bytes.includes('resp_1'),
    );
    const records = recordsOf(chunks).filter((_, i) => i !== at + 1);
    const { of, count } = decode(records);
    const [lost, whole] = of('ai.response');
    expect(lost?.confidence).toMatchObject({ completeness: 'partial', missing: ['response body: lost'] });
    expect(data<AiResponseData>(lost).tool_calls).toHaveLength(1);
    expect(whole?.confidence.completeness).toBe('full');
    expect(data<AiResponseData>(whole).provider_request_id).toBe('resp_2');
    expect(count('lost_messages')).toBe(1);
  });

  it('of hostile bytes never throws and holds little', async () => {
    const chunks = await play({ path: '/v1/realtime', client: OPENAI, deflate: { threshold: 0 } }, REALTIME);
    const live = chunks.slice(2);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(255)), { maxLength: 12 }), fc.nat(), (hits, size) => {
        const torn = live.map(({ dir, bytes }) => ({ dir, bytes: Buffer.from(bytes) }));
        for (const [chunk, at, value] of hits) {
          const bytes = torn[chunk % torn.length]?.bytes;
          if (bytes !== undefined) bytes[at % bytes.length] = value;
        }
        const records = recordsOf([...chunks.slice(0, 2), ...torn], () => 1 + (size % 300));
        const { decoder } = makeDecoder({ maxBodyBytes: 4096 });
        const out = [...decoder.push(records.slice(0, -1)).events];
        const held = decoder.bytes;
        out.push(...decoder.push(records.slice(-1)).events, ...decoder.finish().events);
        const of = (type: string): OispEvent[] => out.filter((event) => event.event_type === type);
        expect(of('ai.response').length).toBe(of('ai.request').length);
        expect(held).toBeLessThan(300_000);
      }),
      { numRuns: 60 },
    );
  });
});
