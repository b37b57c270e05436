import {
  type OispEvent,
  type PlanStepData,
  type RetrieveData,
  SPAN_KIND,
  type SpanEvent,
  type SpanRecord,
  spanId,
} from '../../core/index.ts';
import { Attributes } from './attributes.ts';
import type { Claim } from './claim.ts';
import { latest } from './evidence.ts';
import type { OpenCalls } from './open-calls.ts';
import { conversationAttributes, type SpanOptions } from './spans/parts.ts';
import type { Agent, Turn } from './state.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';

/** Plan steps of one turn that its span tells of. */
const MAX_STEPS = 64;

/** Steps of plans, which are events on the span of their turn, and look-ups of knowledge, which are spans. */
export class AgentSteps {
  readonly #host: TurnHost;
  readonly #turns: Turns;
  readonly #calls: OpenCalls;

  constructor(host: TurnHost, turns: Turns, calls: OpenCalls) {
    this.#host = host;
    this.#turns = turns;
    this.#calls = calls;
  }

  planStep(agent: Agent | undefined, event: OispEvent<PlanStepData>, at: number, claim: Claim): void {
    const turn = agent && this.#calls.get(agent, event.data.request_id)?.turn;
    if (turn === undefined) {
      this.#host.out.event(event, claim);
      return;
    }
    if (turn.steps.length < MAX_STEPS) turn.steps.push(stepOf(event.data, turn.anchor.nanos(at)));
    this.#host.out.event(event, claim, { traceId: turn.traceId, spanId: turn.spanId });
  }

  /** Below the model call whose provider made it, else below the turn in which the agent did. */
  retrieval(agent: Agent | undefined, event: OispEvent<RetrieveData>, at: number, claim: Claim): void {
    const call = agent && this.#calls.get(agent, event.data.request_id);
    const turn = agent && event.data.request_id === undefined ? latest(agent) : call?.turn;
    if (turn === undefined || turn.state === 'closed') {
      this.#host.out.event(event, claim);
      return;
    }
    const span = retrievalSpan(event, turn, call?.spanId ?? turn.spanId, at, this.#host.options);
    turn.lastAt = Math.max(turn.lastAt, at);
    this.#turns.emit(turn, span);
    this.#host.out.event(event, claim, { traceId: span.traceId, spanId: span.spanId });
  }
}

/** `oisp.plan_step`, without the plan's texts. */
function stepOf(data: PlanStepData, time: bigint): SpanEvent {
  const a = new Attributes()
    .int('oisp.plan.step.index', data.step_index)
    .text('oisp.plan.step.type', data.step_type)
    .int('oisp.plan.actions.count', data.planned_actions?.length)
    .text('gen_ai.tool.call.id', data.call_id);
  return { name: 'oisp.plan_step', time, attributes: a.list };
}

/** One look-up: `retrieval {source}`, CLIENT; it starts its latency before the event. */
function retrievalSpan(
  event: OispEvent<RetrieveData>,
  turn: Turn,
  parentSpanId: string,
  at: number,
  options: SpanOptions,
): SpanRecord {
  const { data } = event;
  const start = at - (typeof data.latency_ms === 'number' ? data.latency_ms * 1e6 : 0);
  const a = new Attributes()
    .text('gen_ai.operation.name', 'retrieval')
    .text('gen_ai.provider.name', event.attrs?.['gen_ai.provider.name'] ?? data.source?.provider)
    .text('gen_ai.data_source.id', data.source?.name)
    .text('server.address', event.attrs?.['server.address'])
    .text('oisp.retrieval.source', data.source?.type)
    .int('oisp.retrieval.count', data.results_count)
    .text('oisp.confidence.level', event.confidence.level)
    .texts('oisp.event.ids', [event.event_id])
    .int('process.pid', event.process?.pid);
  conversationAttributes(a, turn.conversation, turn, options);
  a.any('gen_ai.retrieval.query.text', data.query);
  const name = a.list.find(({ key }) => key === 'gen_ai.data_source.id')?.value;
  return {
    traceId: turn.traceId,
    spanId: spanId('retrieval', event.event_id),
    parentSpanId,
    name: name === undefined ? 'retrieval' : `retrieval ${String(name)}`,
    kind: SPAN_KIND.client,
    start: turn.anchor.nanos(start),
    end: turn.anchor.nanos(Math.max(at, start + 1)),
    attributes: a.list,
    resource: turn.agent.resource,
  };
}
