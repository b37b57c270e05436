import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Meter, type OispEvent } from '../../../../core/index.ts';
import { makeContext } from '../../../../core/testing/index.ts';
import { Counters } from '../../../../processors/decode/counters.ts';
import { sessionFlavours } from '../../../../processors/decode/flavours/sessions.ts';
import { SessionCalls } from '../../../../processors/decode/session-calls.ts';
import { connectionInfo, makeDecoder, Recorder } from '../capture.ts';
import { frame } from './frames.ts';

const COUNTERS = new Counters(new Meter(), makeContext().context.log, 'decode');

const TYPES = [
  'session.created',
  'session.update',
  'conversation.item.create',
  'conversation.item.delete',
  'input_audio_buffer.append',
  'input_audio_buffer.commit',
  'input_audio_buffer.committed',
  'conversation.item.input_audio_transcription.completed',
  'response.create',
  'response.steer',
  'response.created',
  'response.output_text.delta',
  'response.output_audio.delta',
  'response.output_item.done',
  'response.completed',
  'response.done',
  'error',
];
const NAMES =
  'session response item error response_id item_id id output_index output content status status_details usage audio delta transcript call_id name arguments input tools instructions model type stream_id parts text inlineData functionCall functionCalls functionResponses turns data setup clientContent realtimeInput toolResponse serverContent toolCall usageMetadata modelTurn turnComplete turn_complete interrupted generationComplete inputTranscription outputTranscription inputAudioTranscription input_audio_transcription setupComplete mediaChunks'.split(
    ' ',
  );

const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'a',
      'r1',
      'function_call',
      'message',
      'function_call_output',
      'input_audio',
      'completed',
      '',
      0,
      1,
      true,
      null,
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 4 }),
  ),
}));
const message = fc.record({
  dir: fc.constantFrom('sent' as const, 'received' as const),
  type: fc.constantFrom(...TYPES),
  more: fc.dictionary(fc.constantFrom(...NAMES), anything, { maxKeys: 5 }),
});

test.each(sessionFlavours.map((flavour) => [flavour.name, flavour] as const))(
  '%s answers every request that it makes, whatever is said',
  (_name, flavour) => {
    const record = new Recorder().record('capture.data', {});
    const mark = { event: record, ms: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: message }, { weight: 1, arbitrary: fc.constant(undefined) }), {
          maxLength: 25,
        }),
        fc.boolean(),
        (messages, refuses) => {
          const out: OispEvent[] = [];
          const info = connectionInfo(COUNTERS, { emit: (event) => out.push(event) });
          const head = {
            method: 'GET',
            host: 'h',
            port: 443,
            path: '/',
            query: '',
            headers: new Map(),
            provider: undefined,
          };
          const match = { operation: 'chat', requestType: 'chat' as const };
          const session = flavour.begin(
            new SessionCalls(info, { head, flavour, match, first: mark, stream: 0, ordinal: 0 }),
          );
          for (const one of messages) {
            if (one === undefined) session.lost('received');
            else {
              const body = { type: one.type, ...one.more };
              session.message(one.dir, body, { first: mark, last: mark, size: JSON.stringify(body).length });
            }
            expect(session.size).toBeLessThan(200_000);
          }
          if (refuses) session.refused(1011, 'No.', mark);
          session.end('torn', mark);
          expect(session.busy).toBe(false);
          const ids = (type: string): unknown[] =>
            out
              .filter((event) => event.event_type === type)
              .map((event) => (event.data as { request_id: string }).request_id);
          expect(new Set(ids('ai.response'))).toEqual(new Set(ids('ai.request')));
          expect(ids('ai.response').length).toBe(ids('ai.request').length);
          expect(new Set(ids('ai.request')).size).toBe(ids('ai.request').length);
        },
      ),
      { numRuns: 500 },
    );
  },
);

const OPEN = 'GET /v1/realtime HTTP/1.1\r\nHost: api.openai.com\r\nUpgrade: websocket\r\n\r\n';
const OPENED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';

test('a fragment that never ends holds no more than a body may', () => {
  const recorder = new Recorder().open('c').data('c', 'sent', OPEN).data('c', 'received', OPENED);
  const { decoder, count } = makeDecoder({ maxBodyBytes: 100_000 });
  const piece = Buffer.alloc(5000, 'x');
  for (let n = 0; n < 400; n++) {
    recorder.data('c', 'received', frame(piece, { fin: false, opcode: n === 0 ? 1 : 0 }));
    recorder.data('c', 'sent', frame(`{"type":"input_audio_buffer.append","audio":"${'A'.repeat(500)}"}`, { key: n }));
    recorder.data('c', 'sent', frame('{"type":"input_audio_buffer.commit"}', { key: n }));
    decoder.push(recorder.events.splice(0));
    expect(decoder.bytes).toBeLessThan(400_000);
  }
  expect(count('lost_messages')).toBe(1);
});
