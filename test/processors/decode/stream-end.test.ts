import { describe, expect, it } from 'vitest';
import type { OispEvent } from '../../../core/index.ts';
import { decode, Recorder, request, sse } from './capture.ts';

const CHUNK = {
  id: 'chatcmpl-1',
  model: 'gpt-x-1',
  choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }],
};
const DONE = [CHUNK, '[DONE]'];
const ITEM = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] };
const RESPONSE = { id: 'resp_1', model: 'gpt-x-1', status: 'completed', output: [ITEM] };
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x-1',
  content: [],
  usage: { input_tokens: 1 },
};
const STREAMS = {
  'Chat Completions': { path: '/v1/chat/completions', events: DONE },
  Responses: { path: '/v1/responses', events: [{ type: 'response.completed', response: RESPONSE }] },
  Messages: {
    path: '/v1/messages',
    events: [
      { type: 'message_start', message: MESSAGE },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Hi' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ],
  },
};

/** One streamed call whose connection is closed, or whose capture ends, without the end of the chunked body. */
function cutShort(path: string, events: readonly unknown[], isClosed: boolean): OispEvent[] {
  const body = { model: 'x', stream: true, messages: [{ role: 'user', content: 'hi' }], input: 'hi' };
  const answer = sse(events);
  const recorder = new Recorder().open('c').data('c', 'sent', request('gateway', path, body));
  recorder.data('c', 'received', answer.subarray(0, answer.length - '0\r\n\r\n'.length));
  if (isClosed) recorder.close('c');
  return decode(recorder.events).of('ai.response') as OispEvent[];
}

describe.each(Object.entries(STREAMS))('a stream of %s', (_name, { path, events }) => {
  it.each([
    ['the client closes it', true],
    ['the capture ends', false],
  ])('that said its end is whole when %s before the end of the body', (_when, isClosed) => {
    const [event] = cutShort(path, events, isClosed);
    expect(event).toMatchObject({
      data: { success: true, finish_reason: 'stop' },
      confidence: { completeness: 'full' },
    });
  });

  it('that did not say its end is partial, and the call failed', () => {
    const [event] = cutShort(path, events.slice(0, -1), true);
    expect(event).toMatchObject({ data: { success: false }, confidence: { completeness: 'partial' } });
  });
});
