import fc from 'fast-check';
import { expect, vi } from 'vitest';
import type { OispEvent } from '../../../../core/index.ts';
import type { DecoderOptions } from '../../../../processors/decode/decoder.ts';
import type { Row } from '../../../../processors/decode/stream/row.ts';
import { makeDecoder, type Recorder, sseText } from '../capture.ts';

export const chat = (delta: object, finish: string | null = null): object => ({
  id: 'c',
  object: 'chat.completion.chunk',
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
export const say = (content: string): string => sseText(JSON.stringify(chat({ content })));
export const call = (index: number, id: string | undefined, args: string): string =>
  sseText(
    JSON.stringify(
      chat({ tool_calls: [{ index, id, type: 'function', function: { name: id && 'read', arguments: args } }] }),
    ),
  );

const block = (index: number, type: string, of: object): string =>
  sseText({ type: `content_block_${type}`, index, ...of });
const CLAUDE_TOOL = [
  block(1, 'start', { content_block: { type: 'tool_use', id: 'toolu_1', name: 'read', input: {} } }),
  ...['{"path"', ':"a', '.ts"}'].map((part) =>
    block(1, 'delta', { delta: { type: 'input_json_delta', partial_json: part } }),
  ),
  block(1, 'stop', {}),
];

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('the ', 'quick brown fox ', 'a"b\\c\n', '') },
  { weight: 1, arbitrary: fc.constantFrom('na\u00efve ', '\u4f60\u597d', '\u{1f600}') },
);
/** What is no text: tool calls, and lines that make the reader take another way. */
const other = fc.constantFrom(
  ...[': ping\n\n', 'id: 7\n', 'data: not json\n\n', 'data: [DONE]\n\n', '\n', 'event: x\n\n'],
  say('with a CR').replaceAll('\n', '\r\n'),
  say('with an id').replace('\n\n', '\nid: 9\n\n'),
  call(0, 'call_1', '{"path":') + call(0, undefined, '"a.ts"}') + call(1, 'call_2', '{}'),
  sseText(JSON.stringify(chat({}, 'stop'))),
);

export const chatBody = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.array(text, { maxLength: 30 }) }, { weight: 1, arbitrary: other }), {
    maxLength: 8,
  })
  .map((parts) => ['role', ...parts.flat()].map((part) => (part.includes('\n\n') || part === '\n' ? part : say(part))));
export const claudeBody = fc
  .tuple(fc.array(text, { maxLength: 60 }), fc.boolean())
  .map(([texts, calls]) => [
    sseText({ type: 'message_start', message: { id: 'm', model: 'claude-sonnet-4-5', usage: { input_tokens: 3 } } }),
    block(0, 'start', { content_block: { type: 'text', text: '' } }),
    ...texts.map((part) => block(0, 'delta', { delta: { type: 'text_delta', text: part } })),
    block(0, 'stop', {}),
    ...(calls ? CLAUDE_TOOL : []),
    sseText({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }),
    sseText({ type: 'message_stop' }),
  ]);

/** What is done to a record: it is taken over, lost, not copied, late, or comes a while after the one before. */
export type Fate = 'kept' | 'lost' | 'cut' | 'late' | 'waited';
export const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 60, arbitrary: fc.constant('kept' as const) },
  { weight: 1, arbitrary: fc.constantFrom('lost' as const, 'cut' as const, 'late' as const) },
  { weight: 2, arbitrary: fc.constant('waited' as const) },
);
export interface Step {
  readonly conn: string;
  readonly dir: 'sent' | 'received';
  readonly bytes: Buffer;
  readonly fate: Fate;
}

export function write(recorder: Recorder, { conn, dir, bytes, fate }: Step, late: OispEvent[]): void {
  if (fate === 'waited') recorder.wait(700);
  if (fate === 'lost') recorder.lose(conn, dir, bytes.length);
  else if (fate === 'cut') {
    const place = recorder.place(conn, dir, bytes.length);
    const kept = bytes.subarray(0, bytes.length >> 1);
    const data = { conn, dir, ...place, bytes: kept, cut: bytes.length - kept.length };
    recorder.record('capture.data', data);
  } else {
    recorder.data(conn, dir, bytes);
    if (fate === 'late') late.push(...recorder.events.splice(-1));
    else recorder.events.push(...late.splice(0));
  }
}

/** What comes out, batch by batch, and what was counted. */
export function run(events: readonly OispEvent[], batches: readonly number[], over: Partial<DecoderOptions>): unknown {
  const { decoder, meter } = makeDecoder(over);
  const out: OispEvent[] = [];
  for (let at = 0, i = 0; at < events.length; i++) {
    const next = at + (batches[i % batches.length] ?? 1);
    out.push(...decoder.push(events.slice(at, next)).events);
    at = next;
  }
  out.push(...decoder.finish().events);
  return { out, samples: meter.samples() };
}

const limits = fc.record({
  streamingChunks: fc.boolean(),
  maxConnectionBytes: fc.constantFrom(64 << 20, 64 << 20, 20_000, 4000),
  maxTotalBytes: fc.constantFrom(256 << 20, 256 << 20, 30_000),
  maxBodyBytes: fc.constantFrom(16 << 20, 16 << 20, 3000),
});

/** Records that are read in rows bring the same events, with the same times, as records one by one. `protocol` is who reads the rows. */
export function expectRowsToMatch(
  conversations: fc.Arbitrary<readonly OispEvent[]>,
  protocol: { row(row: Row): number },
  numRuns: number,
): void {
  const row = vi.spyOn(protocol, 'row');
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(conversations, sizes, limits, (events, batches, over) => {
      row.mockClear();
      const single = run(events, [1], over);
      expect(row).not.toHaveBeenCalled(); // a batch of one record has no row
      expect(run(events, [events.length], over)).toEqual(single);
      expect(run(events, batches, over)).toEqual(single);
    }),
    { numRuns },
  );
  row.mockRestore();
}
