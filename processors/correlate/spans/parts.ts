import type { OispEvent, Semconv, SpanLink } from '../../../core/index.ts';
import type { Attributes } from '../attributes.ts';
import type { ContentOptions } from '../content.ts';
import type { Conversation, Turn } from '../state.ts';
import type { TraceContextMode } from '../trace-context.ts';

/** How spans are named and filled. A span lasts at least one nanosecond: Jaeger warns of spans that end when they start. */
export interface SpanOptions extends ContentOptions {
  readonly semconv: Semconv;
  /** `readable` puts the file, program or host into the name. */
  readonly names: 'low_cardinality' | 'readable';
  readonly traceContext: TraceContextMode;
}

export function link(traceId: string, spanId: string, type: string): SpanLink {
  return { traceId, spanId, attributes: [{ key: 'oisp.link.type', type: 'string', value: type }] };
}

export function processAttributes(attributes: Attributes, event: OispEvent): Attributes {
  return attributes
    .int('process.pid', event.process?.pid)
    .int('process.parent_pid', event.process?.ppid)
    .text('process.creation.time', event.process?.start_time);
}

/** Who the process runs as. */
export function actorAttributes(attributes: Attributes, event: OispEvent): Attributes {
  const { actor } = event;
  if (actor === undefined) return attributes;
  const identity = fieldsOf(actor['identity']);
  const uid = actor['uid'];
  return attributes
    .text('user.name', actor['user'])
    .text('user.id', typeof uid === 'number' ? String(uid) : uid)
    .text('user.email', identity['email'])
    .flag('oisp.actor.is_elevated', actor['is_elevated'])
    .text('oisp.actor.auth_method', actor['auth_method'])
    .text('oisp.actor.login_session', actor['session_id'])
    .text('oisp.actor.service_account', fieldsOf(actor['service_account'])['name']);
}

export function nameOf(operation: string, object: unknown): string {
  return typeof object === 'string' && object !== '' ? `${operation} ${object}` : operation;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function scalar(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** The fields of an object; none of anything else, because events may be foreign. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The conversation that a span belongs to, and the session. Langfuse keeps one session per trace: that of the root's conversation. */
export function conversationAttributes(
  attributes: Attributes,
  conversation: Conversation | undefined,
  turn: Turn | undefined,
  options: SpanOptions,
  sessionId = conversation?.sessionId,
): Attributes {
  attributes.text('gen_ai.conversation.id', conversation?.id).text('session.id', sessionId);
  if (options.preset !== 'langfuse') return attributes;
  const top = (turn && rootOf(turn).conversation) ?? conversation;
  return attributes.text('langfuse.session.id', top?.sessionId ?? top?.id ?? sessionId);
}

function rootOf(turn: Turn): Turn {
  let top = turn;
  while (top.parentTool) top = top.parentTool.turn;
  return top;
}
