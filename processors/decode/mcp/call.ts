import type { RelatedEvent, ToolCallData, ToolResultData } from '../../../core/index.ts';
import { type ConnectionInfo, type Evidence, idOf, makeEvent, type Place } from '../connection-info.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { elapsedMs, type Mark } from '../stream/mark.ts';

/** Where a message was found. */
export interface At {
  readonly info: ConnectionInfo;
  readonly mark: Mark;
  /** Of a request of the client: what the ids of its events hang on. */
  readonly place: Place;
  readonly evidence: Evidence;
  /** Attributes of the transport. */
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Size of the message, roughly. */
  readonly size: number;
  /** Requests of the same exchange: over HTTP those whose answers belong to it come first. */
  readonly open?: Map<string, Call> | undefined;
}

/** A request of the client that waits for its answer. */
export interface Call {
  readonly key: string;
  readonly method: string;
  /** Of the tool or the resource. */
  readonly name: string;
  readonly callId: string;
  /** Where the request was found. */
  readonly at: At;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly related: readonly RelatedEvent[];
  /** `_meta.progressToken`, as a key. */
  readonly token: string | undefined;
  progress: Progress | undefined;
  /** Answers that asked for input; each was followed by the same request again. */
  rounds: number;
  /** What the server wants to see again with the input that it asked for. */
  state: string | undefined;
  /** Whether bytes that may have held its answer are missing. */
  hasGap: boolean;
  isDone: boolean;
}

export interface Progress {
  readonly count: number;
  readonly last: number | undefined;
  readonly total: number | undefined;
  readonly message: string | undefined;
}

/** How a call without an answer ended. */
export interface Failure {
  readonly type: string;
  readonly message?: string | undefined;
  readonly status?: number | undefined;
}

export function callIdOf(at: At): string {
  return `mcp_${idOf(at.info, at.mark.event.ts, 'call_id', at.place)}`;
}

/** Emits `agent.tool_call` and returns what relates to it. */
export function emitToolCall(call: Call, server: string, params: Json, description: string | undefined): RelatedEvent {
  const { at } = call;
  const data: ToolCallData = {
    tool: { ...toolOf(call, server), ...(description !== undefined && { description }) },
    call_id: call.callId,
    ...(params['arguments'] !== undefined && { arguments: params['arguments'] }),
  };
  const event = makeEvent(at.info, 'agent.tool_call', at.mark, at.place, at.evidence, data, call.attrs);
  at.info.emit(event);
  return { event_id: event.event_id, relationship: 'caused_by' };
}

/** Emits `agent.tool_result` for an answer; `via` is the connection that brought it. */
export function emitAnswer(call: Call, server: string, answer: Json, via: At): void {
  const error = answer['error'];
  if (isObject(error)) {
    const code = number(error['code']);
    const message = text(error['message']);
    emitResult(
      call,
      server,
      via,
      {
        success: false,
        error: { type: code === undefined ? 'rpc_error' : String(code), ...(message !== undefined && { message }) },
      },
      [],
      code === undefined ? {} : { 'rpc.response.status_code': String(code) },
    );
    return;
  }
  const result = answer['result'];
  const isError = object(result)['isError'] === true;
  emitResult(call, server, via, { success: !isError, ...(isError && { error: { type: 'tool_error' } }), result });
}

/** Emits `agent.tool_result` for a call that was not answered. */
export function emitFailure(call: Call, server: string, failure: Failure, via: At): void {
  const { type, message, status } = failure;
  const isLost = type === 'lost';
  const data = isLost ? {} : { success: false, error: { type, ...(message !== undefined && { message }) } };
  const missing = type === 'no_response' || isLost ? ['response'] : [];
  emitResult(call, server, via, data, missing, status === undefined ? {} : { 'http.response.status_code': status });
}

function emitResult(
  call: Call,
  server: string,
  via: At,
  more: Partial<ToolResultData>,
  missing: readonly string[] = [],
  outcome: Readonly<Record<string, unknown>> = {},
): void {
  const { at, progress } = call;
  const error = more.error?.type;
  const attrs = {
    ...call.attrs,
    ...(error !== undefined && { 'error.type': error }),
    ...outcome,
    ...(call.rounds > 0 && { 'mcp.input_required.count': call.rounds }),
    ...(progress && { 'mcp.progress.count': progress.count }),
    ...(progress?.last !== undefined && { 'mcp.progress.last': progress.last }),
    ...(progress?.total !== undefined && { 'mcp.progress.total': progress.total }),
    ...(progress?.message !== undefined && { 'mcp.progress.message': progress.message }),
  };
  const data: ToolResultData = { call_id: call.callId, tool: toolOf(call, server), ...more };
  const evidence = { ...at.evidence, missing };
  const place: Place = { ...at.place, dir: 'received' };
  via.info.emit(makeEvent(at.info, 'agent.tool_result', via.mark, place, evidence, data, attrs, call.related));
}

/** Bytes of a resource that its event shows. */
const PREVIEW = 256;

/** Emits `agent.rag_retrieve` for the answer to a `resources/read`: what was read from the server into the context. */
export function emitRetrieval(call: Call, server: string, answer: Json, via: At): void {
  const { at } = call;
  const error = answer['error'];
  const contents = list(object(answer['result'])['contents']).map(object);
  const data = {
    source: { type: 'other', name: server, provider: 'mcp' },
    query: call.name,
    ...(!isObject(error) && {
      results_count: contents.length,
      results: contents.slice(0, 64).map((content) => ({
        source: text(content['uri']) ?? call.name,
        ...(typeof content['text'] === 'string' && { content_preview: content['text'].slice(0, PREVIEW) }),
      })),
    }),
    latency_ms: elapsedMs(at.mark, via.mark),
  };
  const code = isObject(error) ? number(error['code']) : undefined;
  const attrs = { ...call.attrs, ...(isObject(error) && { 'error.type': String(code ?? 'rpc_error') }) };
  const place: Place = { ...at.place, dir: 'received' };
  via.info.emit(
    makeEvent(at.info, 'agent.rag_retrieve', via.mark, place, { ...at.evidence, missing: [] }, data, attrs),
  );
}

function toolOf(call: Call, server: string): { name: string; type: string; server: string; provider: string } {
  return { name: call.name, type: 'other', server, provider: 'mcp' };
}
