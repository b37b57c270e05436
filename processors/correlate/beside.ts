import { parseNanos, traceId } from '../../core/index.ts';
import type { OpenCalls } from './open-calls.ts';
import { isBeside, turnBeside } from './side-calls.ts';
import { callSpan } from './spans.ts';
import type { Call, Turn } from './state.ts';
import { Anchor } from './timeline.ts';
import { traceParentOf } from './trace-context.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';

/** What happens to a call once it has its turn. */
export interface Placed {
  /** It was a turn of its own after all. */
  open(call: Call): void;
  /** Its answer is there. */
  answered(call: Call): void;
  /** It belongs to no conversation. */
  dissolve(call: Call): void;
}

/** Calls beside the conversations: each joins a turn that is open or opens soon, or stands alone. */
export class Beside {
  readonly #host: TurnHost;
  readonly #turns: Turns;
  readonly #calls: OpenCalls;
  readonly #placed: Placed;

  constructor(host: TurnHost, turns: Turns, calls: OpenCalls, placed: Placed) {
    this.#host = host;
    this.#turns = turns;
    this.#calls = calls;
    this.#placed = placed;
  }

  /** Puts a call under the turn that is open beside it (`likely`, where it is known); else it waits for one. */
  add(call: Call, likely?: Turn): void {
    const { agent, view } = call;
    const turn = likely?.state === 'open' ? likely : turnBeside(call);
    if (turn && (call.isSide || !view.isChat)) {
      this.#turns.join(call, turn);
      return;
    }
    agent.pending.add(call);
    this.#host.after(call.at + this.#host.options.sideWaitNs, () => {
      if (agent.pending.has(call)) this.standUp(call);
    });
  }

  /** Nobody came: a side call stands alone, anything else was a turn of its own. */
  standUp(call: Call): void {
    call.agent.pending.delete(call);
    if (call.isSide || !call.view.isChat) {
      call.isSide = call.view.isChat;
      const turn = turnBeside(call);
      if (turn) {
        this.#turns.join(call, turn);
        if (call.response) this.#placed.answered(call);
      } else if (call.response) this.alone(call);
      return;
    }
    if (!call.conversation) return;
    this.#placed.open(call);
    if (call.response) this.#placed.answered(call);
  }

  /** Calls that ran shortly before belong to the turn that opens now. */
  adopt(opener: Call, turn: Turn): void {
    for (const call of [...turn.agent.pending]) {
      if (call === opener || call.at < opener.at - this.#host.options.sideWaitNs || !isBeside(call, opener, turn))
        continue;
      turn.agent.pending.delete(call);
      call.isSide = call.view.isChat;
      this.#placed.dissolve(call);
      turn.start = Math.min(turn.start, call.at);
      this.#turns.join(call, turn);
      if (call.response) this.#placed.answered(call);
    }
  }

  /** A call in a trace of its own. */
  alone(call: Call): void {
    const { out, options } = this.#host;
    const parent = options.traceContext === 'parent' ? traceParentOf(call.request) : undefined;
    const app = parent?.isSampled ? parent : undefined;
    const trace = app?.traceId ?? traceId(call.agent.hostId, call.request.event_id);
    const wall = parseNanos(call.request.ts) ?? 0n;
    const place = {
      traceId: trace,
      parentSpanId: app?.spanId,
      anchor: new Anchor(call.at, wall),
      end: call.endAt ?? call.at,
      endReason: call.response ? undefined : 'no_response',
    };
    out.span(callSpan(call, place, options), call.claim);
    if (!call.isUnseen) out.event(call.request, call.claim, { traceId: trace, spanId: call.spanId });
    if (call.response) out.event(call.response, call.claim, { traceId: trace, spanId: call.spanId });
    this.#calls.done(call);
  }
}
