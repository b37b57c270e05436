/**
 * Three ways to make trees of decoded events that are often built: they group model calls into traces by one criterion, and put effects
 * under the tool call of their process that is open. They read the same events as ours and write the same spans.
 */
import type { OispEvent, SpanRecord } from '../../core/index.ts';
import { readSeen, type Seen, type SeenCall } from './naive-read.ts';
import { treesOf } from './naive-spans.ts';

type Correlator = (events: readonly OispEvent[]) => SpanRecord[];

const by =
  (traceOf: (seen: Seen) => (call: SeenCall) => string): Correlator =>
  (events) => {
    const seen = readSeen(events);
    return treesOf(seen, traceOf(seen));
  };

/** All model calls of a process are one trace. */
export const onePerProcess = by(() => (call) => call.process);

/** All model calls on a connection are one trace. */
export const onePerConnection = by(() => (call) => call.connection);

/** A model call goes with the one that asked for the tools whose results it brings: the ids decide, within a process. */
export const unionByToolCallId = by(({ tools }) => {
  const up = new Map<SeenCall, SeenCall>();
  const topOf = (call: SeenCall): SeenCall => {
    let top = call;
    for (let next = up.get(top); next; next = up.get(top)) top = next;
    return top;
  };
  const first = new Map<string, SeenCall>();
  for (const { event, call, answeredIn } of tools) {
    for (const one of answeredIn ? [call, answeredIn] : [call]) {
      const id = `${one.process} ${event.data.call_id}`;
      const top = topOf(one);
      const known = topOf(first.get(id) ?? one);
      if (known !== top) up.set(top, known);
      else first.set(id, known);
    }
  }
  return (call) => topOf(call).request.event_id;
});
