import { type AiRequestData, eachOnce, type Message, merged, type ToolResultData } from '../../core/index.ts';
import type { Damage } from './body/reader.ts';
import type { RequestBody } from './body/request-body.ts';
import {
  type BodySeen,
  type Call,
  callEvent,
  evidenceOf,
  missingHeaders,
  missingWord,
  type Named,
  providerData,
  toolAttrs,
} from './call.ts';
import { headAttrs, type Identity, identityOf, set } from './call-head.ts';
import { fingerprintOf, isKnownModel } from './confidence.ts';
import { type ConnectionInfo, type Draft, makeEvent, type Place, requestIdOf } from './connection-info.ts';
import type { CallHead, CallMatch, Flavour, NormalRequest } from './flavour.ts';
import { isObject } from './json.ts';
import { toolChoiceOf } from './normal.ts';
import type { Mark } from './stream/mark.ts';
import { resultsOf } from './tool-results.ts';

/** What is known of a request when its head was read. */
export interface Candidate<F extends Named = Flavour> {
  readonly head: CallHead;
  readonly flavour: F;
  readonly match: CallMatch;
  readonly place: Place;
  readonly first: Mark;
}

/**
 * Reads the body of a request and emits `ai.request` and the tool results in it. Undefined when it is no model call: on a host
 * that nobody knows the body has to have the flavour's shape.
 */
export function beginCall(
  info: ConnectionInfo,
  candidate: Candidate,
  { value, wordsOf, damage }: RequestBody,
): Call | undefined {
  const { head, flavour, match } = candidate;
  const read = isObject(value) ? flavour.request(value, head, match) : undefined;
  const words = read === undefined ? wordsOf() : '';
  const request = read ?? salvage(words, match);
  const seen: BodySeen = {
    body: read !== undefined ? 'shape' : SHAPE.test(words) ? 'words' : 'other',
    model: request.model ?? match.model,
  };
  if (read === undefined && head.provider === undefined && !(damage !== undefined && isLikely(head, seen))) {
    info.counters.count('ignored_requests', 'reason', 'other_shape');
    return undefined;
  }
  if (read === undefined && damage === undefined) info.counters.count('unreadable_bodies', 'side', 'request');
  return emitRequest(info, candidate, request, damage, seen);
}

/** Whether a damaged body on a host that nobody knows is that of a model call: by its words, its sender, or its model. */
function isLikely(head: CallHead, { body, model }: BodySeen): boolean {
  return body === 'words' || fingerprintOf(head.headers) !== undefined || isKnownModel(model);
}

/** Keys that the start of a cut body shows where it is a model call. */
const SHAPE = /"(?:messages|contents|input|prompt)"\s*:/;

/** What a body that cannot be parsed still tells. */
function salvage(words: string, match: CallMatch): NormalRequest {
  return {
    streaming: match.streaming ?? /"stream"\s*:\s*true/.test(words),
    model: /"model"\s*:\s*"([^"\\]{1,256})"/.exec(words)?.[1],
  };
}

/** What every request with one head has. */
interface KnownHead {
  readonly match: CallMatch;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly provider: AiRequestData['provider'];
}

const KNOWN = new WeakMap<CallHead, KnownHead>();

function knownOf(info: ConnectionInfo, { head, match }: Candidate<Named>, identity: Identity): KnownHead {
  const before = KNOWN.get(head);
  if (before?.match === match) return before;
  const attrs: Record<string, unknown> = { 'gen_ai.operation.name': match.operation };
  const provider = head.provider ?? match.provider ?? head.guess;
  set(attrs, 'gen_ai.provider.name', provider?.otel ?? '_OTHER');
  set(attrs, 'oisp.provider.name', provider?.name);
  headAttrs(head, info, identity, attrs);
  const known = { match, attrs, provider: providerData(head, match, identity) };
  KNOWN.set(head, known);
  return known;
}

/** Emits `ai.request` and the tool results in it. */
export function emitRequest<F extends Named>(
  info: ConnectionInfo,
  from: Candidate<F>,
  request: NormalRequest,
  damage: Damage | undefined,
  seen?: BodySeen,
): Call<F> {
  const { head, flavour, match, place, first } = from;
  const requestId = requestIdOf(info, first, place.stream, place.ordinal);
  const identity = identityOf(head, info);
  const known = knownOf(info, from, identity);
  const session = known.attrs['oisp.session.id'] === undefined ? request.sessionId : undefined;
  const attrs =
    session === undefined || session === '' ? known.attrs : merged(known.attrs, { 'oisp.session.id': session });
  const model = request.model ?? match.model;
  const toolChoice = toolChoiceOf(request.toolChoice);
  const data: Partial<Draft<AiRequestData>> & Pick<AiRequestData, 'request_id'> = { request_id: requestId };
  if (request.conversationId !== undefined) data.conversation_id = request.conversationId;
  data.provider = known.provider;
  if (model !== undefined) data.model = { id: model };
  data.auth = identity.auth;
  data.request_type = match.requestType;
  data.streaming = request.streaming;
  let images = 0;
  if (request.messages) {
    let hasSystem = false;
    for (const traits of traitsOf(request.messages)) {
      images += traits.images;
      hasSystem ||= traits.isSystem;
    }
    data.messages = request.messages;
    data.messages_count = request.messages.length;
    data.has_system_prompt = hasSystem;
  }
  if (request.tools) {
    data.tools = request.tools;
    data.tools_count = request.tools.length;
  }
  if (toolChoice !== undefined) data.tool_choice = toolChoice;
  if (request.parameters) data.parameters = request.parameters;
  if (images > 0) {
    data.has_images = true;
    data.image_count = images;
  }
  if (request.previousResponseId !== undefined) data.previous_response_id = request.previousResponseId;
  let missing = missingHeaders('request', head.unresolved);
  if (damage !== undefined) missing = [...missing, missingWord('request', damage)];
  const evidence = evidenceOf(head, flavour, missing, seen);
  const ours = request.attrs === undefined ? attrs : merged(attrs, request.attrs);
  const event = makeEvent(info, 'ai.request', first, place, evidence, data, ours, undefined, identity.caller);
  info.emit(event);
  const related = [{ event_id: event.event_id, relationship: 'caused_by' as const }];
  // the answer needs no messages: they are not kept until it comes
  const { messages } = request;
  const rest = { ...request, messages: undefined, tools: undefined };
  const inputs = messages?.length;
  const call = { info, head, flavour, match, place, first, requestId, request: rest, attrs, related, identity, inputs };
  const seenCall: Call<F> = seen === undefined ? call : Object.assign(call, { seen });
  if (match.requestType === 'chat' && messages !== undefined) emitResults(seenCall, messages);
  return seenCall;
}

function emitResults(call: Call<Named>, messages: readonly Message[]): void {
  for (const [at, { part, index, name }] of resultsOf(messages).entries()) {
    const data: ToolResultData = {
      call_id: part.id ?? `${call.requestId}.result.${index}`,
      ...(name !== undefined && { tool: { name } }),
      success: part.is_error !== true,
      result: part.response,
      request_id: call.requestId,
      index,
    };
    const attrs = toolAttrs(call.attrs, part.id === undefined);
    const place = { ...call.place, index: at };
    call.info.emit(callEvent(call, 'agent.tool_result', call.first, place, [], data, attrs));
  }
}

/** What a request tells of its messages in sum. */
interface Traits {
  readonly images: number;
  readonly isSystem: boolean;
}

const PLAIN: Traits = { images: 0, isSystem: false };

const traitsOf = eachOnce(({ role, parts }: Message): Traits => {
  let images = 0;
  for (const part of parts ?? []) if ('modality' in part && part.modality === 'image') images++;
  return images === 0 && role !== 'system' ? PLAIN : { images, isSystem: role === 'system' };
});
