import type { AiRequestData, OispEvent, RelatedEvent, ToolCall, ToolCallData } from '../../core/index.ts';
import type { BodyDecoder, Damage } from './body/reader.ts';
import { type Identity, set } from './call-head.ts';
import type { ChunkData } from './chunks.ts';
import { assess, fingerprintOf, isKnownModel, type Seen } from './confidence.ts';
import { type ConnectionInfo, type Evidence, makeEvent, type Place } from './connection-info.ts';
import type { CallHead, CallMatch, Flavour, NormalRequest } from './flavour.ts';
import type { Kept } from './identity/headers.ts';
import type { Mark } from './stream/mark.ts';

/** What a call is told by in `confidence.reasons`: a flavour or a session flavour. */
export interface Named {
  readonly name: string;
}

/** A model call whose request was emitted, or of which only the answer is seen. */
export interface Call<F extends Named = Flavour> {
  readonly info: ConnectionInfo;
  readonly head: CallHead;
  readonly flavour: F;
  readonly match: CallMatch;
  readonly place: Place;
  /** The first byte of the request; of the answer where `lacks` names the request. */
  readonly first: Mark;
  readonly requestId: string;
  readonly request: NormalRequest;
  /** Attributes of the request that its answer has as well. */
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Towards the event of the request, where there is one. */
  readonly related?: readonly RelatedEvent[];
  /** What no event of the call has, in words of `confidence.missing`: the request of an answer that stands alone. */
  readonly lacks?: readonly string[];
  /** Messages of the request: texts of an embedding. */
  readonly inputs?: number | undefined;
  readonly seen?: BodySeen;
  readonly identity?: Identity;
}

/** How the body of a request looked, and the model that it names. */
export interface BodySeen {
  readonly body: Seen['body'];
  readonly model: string | undefined;
}

/** What was judged last of a head, where nothing is missing: one call may have thousands of events. */
const JUDGED = new WeakMap<CallHead, { readonly name: string; readonly seen: BodySeen; readonly evidence: Evidence }>();
const SHAPE: BodySeen = { body: 'shape', model: undefined };

/** How sure it is that this is a model call. A call whose body nobody judged has the shape of its API. */
export function evidenceOf(
  head: CallHead,
  { name }: Named,
  missing: readonly string[],
  seen: BodySeen = SHAPE,
): Evidence {
  const before = missing.length === 0 ? JUDGED.get(head) : undefined;
  if (before?.name === name && before.seen.body === seen.body && before.seen.model === seen.model)
    return before.evidence;
  const evidence = assess({
    host: hostOf(head),
    provider: (head.provider ?? head.guess)?.name,
    flavour: name,
    body: seen.body,
    fingerprint: fingerprintOf(head.headers),
    knownModel: isKnownModel(seen.model),
    unresolved: head.unresolved !== undefined,
    missing,
  });
  if (missing.length === 0) JUDGED.set(head, { name, seen, evidence });
  return evidence;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\]|host\.docker\.internal)$/;

/** A loopback host says nothing: it is the port that names the provider. */
function hostOf({ provider, guess, host }: CallHead): Seen['host'] {
  if (provider === undefined) return guess === undefined ? 'unknown' : 'guess';
  return LOOPBACK.test(host) ? 'port' : 'listed';
}

/** Whom a call went to. What an answer's headers say of the account counts where the request says nothing. */
export function providerData(
  head: CallHead,
  match: CallMatch,
  identity: Identity | undefined,
  answered: Kept['provider'] = {},
): AiRequestData['provider'] {
  return {
    name: (head.provider ?? match.provider ?? head.guess)?.oisp ?? 'other',
    ...(head.host !== '' && { endpoint: head.host }),
    ...answered,
    ...identity?.provider,
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
  return callEvent(call, 'agent.tool_call', mark, place, [], data, attrs);
}

/** The event of one piece of a streamed answer. */
export function chunkEvent(call: Call<Named>, data: ChunkData, mark: Mark): OispEvent {
  const place: Place = { ...call.place, dir: 'received', index: data.chunk_index };
  return callEvent(call, 'ai.streaming_chunk', mark, place, [], data, toolAttrs(call.attrs, false));
}

/** An event of a call: as sure as the call is one, made by the call's program. */
export function callEvent(
  call: Call<Named>,
  type: string,
  mark: Mark,
  place: Place,
  more: readonly string[],
  data: object,
  attrs: Readonly<Record<string, unknown>>,
  also: readonly string[] = [],
): OispEvent {
  const missing = call.lacks === undefined ? more : [...call.lacks, ...more];
  let evidence = evidenceOf(call.head, call.flavour, missing, call.seen);
  if (also.length > 0) evidence = { ...evidence, reasons: [...evidence.reasons, ...also] };
  return makeEvent(call.info, type, mark, place, evidence, data, attrs, call.related, call.identity?.caller);
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

/** The words for `confidence.missing` about header fields that are not known. */
export function missingHeaders(side: 'request' | 'response', unresolved: CallHead['unresolved']): readonly string[] {
  return unresolved === undefined ? [] : [`${side} headers: ${unresolved} unresolved`];
}

/** The word for `confidence.missing`. */
export function missingWord(side: 'request' | 'response', damage: Damage): string {
  return `${side} body: ${damage.replaceAll('_', ' ')}`;
}
