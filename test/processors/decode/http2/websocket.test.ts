import { expect, it } from 'vitest';
import type { AiRequestData, AiResponseData } from '../../../../core/index.ts';
import { decode } from '../capture.ts';
import { frame } from '../websocket/frames.ts';
import { Conversation, HOST } from './conversation.ts';

const MESSAGES: readonly (readonly ['sent' | 'received', object])[] = [
  ['received', { type: 'session.created', session: { id: 'sess_1', model: 'gpt-realtime' } }],
  [
    'sent',
    {
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
    },
  ],
  ['sent', { type: 'response.create' }],
  ['received', { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } }],
  [
    'received',
    {
      type: 'response.done',
      response: {
        id: 'resp_1',
        status: 'completed',
        output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] }],
        usage: { total_tokens: 5, input_tokens: 3, output_tokens: 2 },
      },
    },
  ],
];

it('a session over an extended CONNECT becomes calls, in pieces of any size', () => {
  for (const size of [1, 7, 1 << 20]) {
    const c = new Conversation();
    c.head('sent', 1, [
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', 'https'],
      [':path', '/v1/realtime?model=gpt-realtime'],
      [':authority', HOST],
      ['sec-websocket-version', '13'],
    ]);
    c.head('received', 1, [[':status', '200']]);
    for (const [dir, message] of MESSAGES)
      c.data(dir, 1, frame(JSON.stringify(message), dir === 'sent' ? { key: 0x01020304 } : {}));
    const { of } = decode(c.record({ open: { sni: HOST }, size }).events);
    expect(of('ai.request').map(({ data }) => data as AiRequestData)).toMatchObject([
      { model: { id: 'gpt-realtime' }, messages: [{ role: 'user', content: 'Hi' }] },
    ]);
    const answers = of('ai.response').map(({ data }) => data as AiResponseData);
    expect(answers).toMatchObject([
      { provider_request_id: 'resp_1', finish_reason: 'stop', usage: { prompt_tokens: 3 } },
    ]);
  }
});
