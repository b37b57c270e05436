import type { OispEvent, RelatedEvent, ToolCall, ToolCallData } from '../../core/index.ts';
import type { BodyDecoder, Damage } from './body/reader.ts';
import { set } from './call-head.ts';
import { type ConnectionInfo, type Evidence, makeEvent, type Place } from './connection-info.ts';
import type { CallHead, CallMatch, Flavour, NormalRequest } from './flavour.ts';
import type { Mark } from './stream/mark.ts';

/** What a call is told by in `confidence.reasons`: a flavour or a session flavour. */
export interface Named {
  readonly name: string;
}

/** A model call whose request was emitted. */
export interface Call<F extends Named = Flavour> {
  readonly info: ConnectionInfo;
  readonly head: CallHead;
  readonly flavour: F;
  readonly match: CallMatch;
  readonly place: Place;
  /** The first byte of the request. */
  readonly first: Mark;
  readonly requestId: string;
  readonly request: NormalRequest;
  /** Attributes of the request that its answer has as well. */
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Towards the event of the request. */
  readonly related: readonly RelatedEvent[];
}

/** How sure it is that this is a model call: a known host, or the shape of path and body. */
export function evidenceOf(head: CallHead, flavour: Named, missing: readonly string[]): Evidence {
  const path = `path of ${flavour.name}`;
  const hint = head.guess === undefined ? [] : [`port of ${head.guess.name}`];
  return head.provider !== undefined
    ? { level: 'high', reasons: [`host of ${head.provider.name}`, path], method: 'known_endpoint', missing }
    : { level: 'medium', reasons: [path, `body of ${flavour.name}`, ...hint], method: 'payload_inspection', missing };
}

export function providerData(head: CallHead, match: CallMatch): { readonly name: string; readonly endpoint?: string } {
  const organization = head.headers.get('openai-organization');
  const project = head.headers.get('openai-project');
  return {
    name: (head.provider ?? match.provider ?? head.guess)?.oisp ?? 'other',
    ...(head.host !== '' && { endpoint: head.host }),
    ...(organization !== undefined && { organization_id: organization }),
    ...(project !== undefined && { project_id: project }),
  };
}

/** Attributes of events about tools: what helps to join them. */
export function toolAttrs(attrs: Readonly<Record<string, unknown>>, derived: boolean): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of ['oisp.provider.name', 'oisp.conn', 'oisp.session.id', 'oisp.agent.id'])
    set(kept, name, attrs[name]);
  if (derived) kept['oisp.call_id.derived'] = true;
  return kept;
}

/** The event of a tool call that the answer asks for; `mark` is the byte at which its block ends. */
export function toolCallEvent(call: Call<Named>, tool: ToolCall, index: number, mark: Mark): OispEvent {
  const data: ToolCallData = {
    tool: { name: tool.name },
    call_id: tool.id ?? `${call.requestId}.${index}`,
    ...(tool.arguments !== undefined && { arguments: tool.arguments }),
    triggered_by: 'llm_decision',
    request_id: call.requestId,
    index,
  };
  const place: Place = { ...call.place, dir: 'received', index };
  const attrs = toolAttrs(call.attrs, tool.id === undefined);
  const evidence = evidenceOf(call.head, call.flavour, []);
  return makeEvent(call.info, 'agent.tool_call', mark, place, evidence, data, attrs, call.related);
}

/** Counts what is wrong with a body, and says the first time that a coding cannot be read. */
export function countBody(info: ConnectionInfo, damage: Damage | undefined, decoder: BodyDecoder): void {
  if (decoder.isMislabelled) info.counters.count('mislabelled_bodies');
  if (damage === undefined) return;
  if (damage !== 'unsupported_coding') {
    info.counters.count('damaged_bodies', 'reason', damage);
    return;
  }
  const coding = decoder.coding ?? 'unknown';
  info.counters.warn(
    'A body has a content coding that cannot be read here.',
    'unsupported',
    'protocol',
    /^[a-z0-9-]{1,20}$/.test(coding) ? `coding_${coding}` : 'coding_other',
  );
}

/** The word for `confidence.missing`. */
export function missingWord(side: 'request' | 'response', damage: Damage): string {
  return `${side} body: ${damage.replaceAll('_', ' ')}`;
}
