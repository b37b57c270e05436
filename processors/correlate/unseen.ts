import {
  type AiRequestData,
  type AiResponseData,
  formatNanos,
  type OispEvent,
  parseNanos,
  type ToolCallData,
} from '../../core/index.ts';
import { MS } from './options.ts';
import type { Agent, Turn } from './state.ts';

/** An event that may be the first one of a call whose request was not captured. */
export type AnswerEvent = OispEvent<AiResponseData> | OispEvent<ToolCallData>;

/** Whether an event belongs to a model call whose request was not captured. */
export function lacksRequest(event: OispEvent): boolean {
  return event.confidence.missing?.includes('request') === true;
}

/** Nanoseconds from the first byte of such an answer to the event; 0 where nobody knows. */
export function sinceFirstByte(event: AnswerEvent): number {
  const ms = event.attrs?.['oisp.response.duration_ms'];
  return typeof ms === 'number' && ms >= 0 ? ms * MS : 0;
}

/** What is the same on both sides of a call. */
const SHARED = ['gen_ai.operation.name', 'gen_ai.provider.name', 'oisp.provider.name', 'server.address', 'server.port'];
const TYPES: Readonly<Record<string, AiRequestData['request_type']>> = {
  embeddings: 'embedding',
  text_completion: 'completion',
  image_generation: 'image',
  rerank: 'other',
};

/**
 * Stands for a request that was not captured: what the first event of its answer tells, at the time of the answer's first byte where that is
 * known. It only places the call and never leaves.
 */
export function unseenRequest(event: AnswerEvent): OispEvent<AiRequestData> {
  const { data, attrs = {} } = event;
  const shared: Record<string, unknown> = {};
  for (const name of SHARED) if (attrs[name] !== undefined) shared[name] = attrs[name];
  const wall = (parseNanos(event.ts) ?? 0n) - BigInt(Math.round(sinceFirstByte(event)));
  return {
    ...event,
    ts: formatNanos(wall),
    data: {
      request_id: data.request_id ?? '',
      provider: 'provider' in data ? data.provider : { name: 'other' },
      request_type: TYPES[String(attrs['gen_ai.operation.name'])] ?? 'chat',
      streaming: 'streaming' in data && data.streaming === true,
    },
    attrs: shared,
  };
}

/** The turn that an answer without a request goes on: the only open one of its process, and no call of it is under way. */
export function waitingTurn(agent: Agent): Turn | undefined {
  const open = [...agent.turns].filter((turn) => turn.state === 'open');
  const [only] = open;
  return open.length === 1 && only?.calls.size === 0 ? only : undefined;
}
