import { type Evidence, makeEvent, type Place } from '../connection-info.ts';
import { type Json, number, object, text } from '../json.ts';
import { elapsedMs, type Mark } from '../stream/mark.ts';
import {
  type At,
  type Call,
  callIdOf,
  emitAnswer,
  emitFailure,
  emitRetrieval,
  emitToolCall,
  type Failure,
} from './call.ts';
import { idKey, isForeign, methodLabel, UNKNOWN_ID } from './messages.ts';
import { Parties } from './parties.ts';

const MAX_CALLS = 1024;
const MAX_ASKED = 256;
const MAX_PARKED = 64;
const MAX_EARLY = 16;
const MAX_URI = 4096;

interface Early {
  readonly message: Json;
  readonly at: At;
}

/**
 * One client and one server that speak MCP, whatever carries their messages: JSON-RPC 2.0 with ids of its own in each direction
 * (modelcontextprotocol.io/specification, 2024-11-05 to 2026-07-28). Each `tools/call` is an `agent.tool_call` and its answer an
 * `agent.tool_result`, each answered `resources/read` an `agent.rag_retrieve`, `initialize` and the end an `agent.session`; all messages
 * are counted by method.
 */
export class McpSession {
  /** Whether answers may be found before their requests: they come on other pipes or connections. */
  #mayBeEarly: boolean;
  readonly #calls = new Map<string, Call>();
  /** Ids of requests of the server: sampling, elicitation, roots, ping. */
  readonly #asked = new Set<string>();
  readonly #early = new Map<string, Early>();
  #earlyBytes = 0;
  /** Calls that the server wants more input for. */
  readonly #parked: Call[] = [];
  readonly #parties: Parties;
  #started: Mark | undefined;
  #toolCalls = 0;
  /** Over the old HTTP with SSE. */
  isSse = false;
  /** The session id that the server gave, or that of the old SSE endpoint. */
  id: string | undefined;

  /** `fallback` names the server until it has said its name. */
  constructor(fallback: string, mayBeEarly: boolean) {
    this.#parties = new Parties(fallback);
    this.#mayBeEarly = mayBeEarly;
  }

  /** Whether client and server have said who they are. */
  get isKnown(): boolean {
    return this.#parties.server !== undefined && this.#parties.protocol !== undefined;
  }

  /** Whether a request waits for its answer. */
  get isBusy(): boolean {
    return this.#calls.size > 0;
  }

  /** Bytes held, roughly. */
  get size(): number {
    const waiting = (this.#calls.size + this.#parked.length) * 768 + this.#asked.size * 64;
    return 512 + this.#parties.size + waiting + this.#earlyBytes;
  }

  /** Takes over what another session of the same client with the same server knows of the server. */
  learn(other: McpSession): void {
    this.#parties.learn(other.#parties);
  }

  /** The answers come on a stream of their own. */
  becomeSse(id: string | undefined): void {
    this.isSse = true;
    this.#mayBeEarly = true;
    this.id ??= id;
  }

  /** The version that a header of the client names. */
  agree(protocol: string | undefined): void {
    this.#parties.protocol ??= protocol;
  }

  /** Renames the server as long as it has not said its name. */
  set fallback(name: string) {
    this.#parties.fallback = name;
  }

  read(from: 'client' | 'server', message: Json, at: At): void {
    const key = idKey(message['id']);
    const method = text(message['method']);
    if (method === undefined) {
      if (key === undefined) return; // an error that belongs to no request
      if (from === 'server') this.#answer(key, message, at);
      else if (!this.#asked.delete(key)) at.info.counters.count('lost_requests');
      return;
    }
    if (isForeign(message)) return;
    at.info.counters.count('mcp_messages', 'method', methodLabel(method));
    const params = object(message['params']);
    if (key === undefined) this.#notice(from, method, params, at);
    else if (from === 'client') this.#request(key, String(message['id']), method, params, at);
    else this.#ask(key, at);
  }

  /** A request of the client, and its answer where that was found before. */
  #request(key: string, rpcId: string, method: string, params: Json, at: At): void {
    this.#parties.asked(method, params);
    const call = this.#resumed(method, key, params, at) ?? this.#begun(method, key, rpcId, params, at);
    this.#add(call);
    const early = this.#early.get(key);
    if (early === undefined) return;
    this.#early.delete(key);
    this.#earlyBytes -= early.at.size;
    this.#answer(key, early.message, early.at);
  }

  #begun(method: string, key: string, rpcId: string, params: Json, at: At): Call {
    const name = nameIn(method, params);
    const isTool = method === 'tools/call';
    const meta = object(params['_meta']);
    const traceparent = text(meta['traceparent']);
    const call: Call = {
      key,
      method,
      name,
      callId: callIdOf(at),
      at,
      attrs: {
        ...this.#attrs(at, method),
        'oisp.call_id.derived': true,
        ...(rpcId !== UNKNOWN_ID && { 'mcp.request.id': rpcId, 'jsonrpc.request.id': rpcId }),
        ...(isTool && { 'gen_ai.tool.name': name }),
        ...(method === 'resources/read' && { 'mcp.resource.uri': name }),
        ...(traceparent !== undefined && { traceparent }),
      },
      related: [],
      token: idKey(meta['progressToken']),
      progress: undefined,
      rounds: 0,
      state: undefined,
      hasGap: false,
      isDone: false,
    };
    if (!isTool) return call;
    this.#toolCalls++;
    return {
      ...call,
      related: [emitToolCall(call, this.#parties.serverName, params, this.#parties.descriptionOf(name))],
    };
  }

  /** The same request again with the input that the server asked for (2026-07-28, basic/patterns/mrtr): one call in several rounds. */
  #resumed(method: string, key: string, params: Json, at: At): Call | undefined {
    const isRound = 'requestState' in params || 'inputResponses' in params;
    const state = isRound ? stateKey(params['requestState']) : movedKey(key);
    const name = nameIn(method, params);
    const found = this.#parked.findIndex((one) => one.method === method && one.name === name && one.state === state);
    const [call] = found < 0 ? [] : this.#parked.splice(found, 1);
    if (call === undefined) return undefined;
    const token = idKey(object(params['_meta'])['progressToken']);
    return { ...call, key, token, at: { ...call.at, open: at.open }, isDone: false };
  }

  #add(call: Call): void {
    if (this.#calls.size >= MAX_CALLS)
      for (const oldest of this.#calls.values()) {
        this.#calls.delete(oldest.key);
        call.at.info.counters.count('lost_responses');
        break;
      }
    // of two with one id over HTTP each is found in its own exchange
    if (call.at.open === undefined && this.#calls.has(call.key)) call.at.info.counters.count('lost_responses');
    this.#calls.set(call.key, call);
    call.at.open?.set(call.key, call);
  }

  #ask(key: string, at: At): void {
    if (this.#asked.size >= MAX_ASKED)
      for (const oldest of this.#asked) {
        this.#asked.delete(oldest);
        at.info.counters.count('lost_responses');
        break;
      }
    this.#asked.add(key);
  }

  #notice(from: 'client' | 'server', method: string, params: Json, at: At): void {
    if (method === 'notifications/progress' && from === 'server') {
      const token = idKey(params['progressToken']);
      const call = token === undefined ? undefined : this.#find((one) => one.token === token, at);
      if (call === undefined) return;
      call.progress = {
        count: (call.progress?.count ?? 0) + 1,
        last: number(params['progress']),
        total: number(params['total']) ?? call.progress?.total,
        message: text(params['message'])?.slice(0, 1024) ?? call.progress?.message,
      };
      return;
    }
    if (method !== 'notifications/cancelled') return;
    const key = idKey(params['requestId']);
    if (key === undefined) return;
    if (from === 'server') {
      this.#asked.delete(key);
      return;
    }
    const call = this.#find((one) => one.key === key, at);
    if (call === undefined || call.method === 'initialize') return;
    this.fail(call, { type: 'cancelled', message: text(params['reason']) }, at);
  }

  #find(is: (call: Call) => boolean, at: At): Call | undefined {
    for (const calls of [at.open, this.#calls])
      for (const call of calls?.values() ?? []) if (!call.isDone && is(call)) return call;
    return undefined;
  }

  #answer(key: string, message: Json, at: At): void {
    const call = at.open?.get(key) ?? this.#calls.get(key);
    if (call === undefined) {
      if (this.#early.has(key)) at.info.counters.count('lost_requests');
      else this.#keep(key, message, at);
      return;
    }
    this.#done(call);
    const result = object(message['result']);
    this.#parties.answered(call.method, result);
    const isParked = result['resultType'] === 'input_required';
    switch (call.method) {
      case 'initialize':
        this.#start(call, result, at);
        break;
      case 'tools/call':
        if (isParked) this.#wait(call, result, at);
        else emitAnswer(call, this.#parties.serverName, message, at);
        break;
      case 'resources/read':
        if (isParked) this.#wait(call, result, at);
        else emitRetrieval(call, this.#parties.serverName, message, at);
        break;
    }
  }

  /** An answer whose request is not known, or not yet. */
  #keep(key: string, message: Json, at: At): void {
    const { counters, limits } = at.info;
    if (!this.#mayBeEarly || at.size > limits.bodyBytes) {
      counters.count('lost_requests');
      return;
    }
    this.#early.set(key, { message, at });
    this.#earlyBytes += at.size;
    for (const [oldest, early] of this.#early) {
      if (this.#early.size <= MAX_EARLY && this.#earlyBytes <= limits.bodyBytes) return;
      this.#early.delete(oldest);
      this.#earlyBytes -= early.at.size;
      counters.count('lost_requests');
    }
  }

  #wait(call: Call, result: Json, at: At): void {
    call.rounds++;
    this.#park(call, stateKey(result['requestState']), at);
  }

  /** A request was sent elsewhere by an HTTP redirect: the client makes it again as it is. */
  move(call: Call, at: At): void {
    if (call.isDone) return;
    this.#done(call);
    if (call.method === 'tools/call' || call.method === 'resources/read') this.#park(call, movedKey(call.key), at);
  }

  #park(call: Call, state: string | undefined, at: At): void {
    call.state = state;
    this.#parked.push(call);
    if (this.#parked.length <= MAX_PARKED) return;
    const oldest = this.#parked.shift();
    if (oldest !== undefined) this.#unpark(oldest, at);
  }

  /** A call that the client did not go on with. */
  #unpark(call: Call, at: At): void {
    call.isDone = false;
    this.fail(call, { type: call.rounds > 0 ? 'input_required' : 'no_response' }, at);
  }

  /**
   * A server was initialised: the start of a session with it, as `agent.session`. It says which process is at the other end, so that what a
   * server does while it starts is not taken for a finding.
   */
  #start(call: Call, result: Json, at: At): void {
    // refused, or not MCP after all
    if (this.#parties.server === undefined && text(result['protocolVersion']) === undefined) return;
    this.#started = at.mark;
    const place: Place = { ...call.at.place, dir: 'received' };
    const attrs = { ...this.#sessionAttrs(call.at), 'mcp.request.id': call.attrs['mcp.request.id'] };
    const data = { action: 'start', ...this.#parties.agent() };
    const { reasons, method } = at.evidence;
    const evidence: Evidence = { level: 'high', reasons: [...reasons, 'initialize was answered'], method, missing: [] };
    at.info.emit(makeEvent(call.at.info, 'agent.session', at.mark, place, evidence, data, attrs));
  }

  /** A request that will not be answered: nothing, or an event that says so. */
  fail(call: Call, failure: Failure | undefined, via: At): void {
    if (call.isDone) return;
    this.#done(call);
    if (failure === undefined) return;
    if (call.method === 'tools/call') emitFailure(call, this.#parties.serverName, failure, via);
    else via.info.counters.count('lost_responses');
  }

  #done(call: Call): void {
    call.isDone = true;
    call.at.open?.delete(call.key);
    if (this.#calls.get(call.key) === call) this.#calls.delete(call.key);
  }

  /** Bytes of the server are missing: any answer may have been in them. */
  lost(): void {
    for (const call of this.#calls.values()) call.hasGap = true;
  }

  /** Nothing more comes of this session. `isOver`: it ended; else the input did, and nothing is said of what is open. */
  end(at: At, isOver: boolean): void {
    for (const call of [...this.#calls.values()])
      this.fail(call, isOver ? { type: call.hasGap ? 'lost' : 'no_response' } : undefined, at);
    for (const call of this.#parked.splice(0)) if (isOver) this.#unpark(call, at);
    this.forget(at.info.counters);
    const started = this.#started;
    this.#started = undefined;
    if (started === undefined || !isOver) return;
    const data = {
      action: 'end',
      ...this.#parties.agent(),
      duration_ms: elapsedMs(started, at.mark),
      stats: { tool_calls: this.#toolCalls },
    };
    at.info.emit(makeEvent(at.info, 'agent.session', at.mark, at.place, at.evidence, data, this.#sessionAttrs(at)));
  }

  /** Lets go of all that waits, and counts it. */
  forget(counters: At['info']['counters']): void {
    if (this.#early.size > 0) counters.count('lost_requests', undefined, undefined, this.#early.size);
    if (this.#calls.size > 0) counters.count('lost_responses', undefined, undefined, this.#calls.size);
    this.#early.clear();
    this.#earlyBytes = 0;
    this.#calls.clear();
    this.#asked.clear();
    this.#parked.length = 0;
  }

  #attrs(at: At, method: string): Record<string, unknown> {
    return {
      'oisp.mcp': true,
      'oisp.conn': at.info.conn,
      ...at.attrs,
      'mcp.method.name': method,
      ...(this.id !== undefined && { 'mcp.session.id': this.id }),
      ...(this.#parties.protocol !== undefined && { 'mcp.protocol.version': this.#parties.protocol }),
    };
  }

  #sessionAttrs(at: At): Record<string, unknown> {
    return { ...this.#attrs(at, 'initialize'), ...this.#parties.attrs() };
  }
}

/** Of the tool, the resource or the prompt. */
function nameIn(method: string, params: Json): string {
  return (text(params[method === 'resources/read' ? 'uri' : 'name']) ?? 'unknown').slice(0, MAX_URI);
}

/** Instead of a state: a call that is expected again under its own id. */
function movedKey(key: string): string {
  return `moved ${key}`;
}

/** What tells two states of a server apart without keeping them. */
function stateKey(state: unknown): string | undefined {
  if (typeof state !== 'string') return undefined;
  return state.length <= 512 ? state : `${state.length} ${state.slice(0, 256)}${state.slice(-256)}`;
}
