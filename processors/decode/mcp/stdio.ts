import type { RelatedEvent, ToolCallData, ToolResultData } from '../../../core/index.ts';
import { type ConnectionInfo, type Evidence, idOf, makeEvent, type Place } from '../connection-info.ts';
import { isObject, type Json, list, number, object, parseJson, text } from '../json.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import type { ConnectionProtocol } from '../stream/protocol.ts';
import { Lines } from './lines.ts';

/** Lines without JSON-RPC after which a stream is taken for something else. */
const MAX_STRANGE = 16;
const MAX_PENDING = 1024;

interface Pending {
  /** The JSON-RPC id, as text. */
  readonly rpcId: string;
  readonly method: string;
  readonly callId: string;
  readonly name: string;
  readonly ordinal: number;
  readonly related: readonly RelatedEvent[];
}

interface Early {
  readonly message: Json;
  readonly mark: Mark;
}

const EVIDENCE: Evidence = {
  level: 'high',
  reasons: ['JSON-RPC of MCP on the pipes of a child process'],
  method: 'payload_inspection',
  missing: [],
};

/**
 * MCP over the pipes of a child process: JSON-RPC 2.0, one message a line (modelcontextprotocol.io/specification/2025-06-18, basic/transports).
 * The parent, seen as `sent`, is the client. Each `tools/call` is an `agent.tool_call`, its answer an `agent.tool_result`.
 */
export class McpStdio implements ConnectionProtocol {
  readonly #info: ConnectionInfo;
  readonly #lines: Record<Direction, Lines>;
  readonly #pending = new Map<string, Pending>();
  /** Answers that came before their requests did: records of the two pipes may arrive in either order. */
  readonly #early = new Map<string, Early>();
  #mark: Mark | undefined;
  #server: string | undefined;
  #ordinal = 0;
  #strange = 0;
  #known = false;
  ignored = false;

  constructor(info: ConnectionInfo) {
    this.#info = info;
    const lost = (): void => info.counters.count('lost_lines');
    this.#lines = {
      sent: new Lines(info.limits.bodyBytes, (line) => this.#line('sent', line), lost),
      received: new Lines(info.limits.bodyBytes, (line) => this.#line('received', line), lost),
    };
  }

  feed(dir: Direction, bytes: Buffer, mark: Mark): void {
    if (this.ignored) return;
    this.#mark = mark;
    this.#lines[dir].feed(bytes);
  }

  gap(dir: Direction): void {
    this.#lines[dir].gap();
  }

  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void {
    for (const pending of [...this.#pending.values()])
      if (pending.method === 'tools/call' && how.ended)
        this.#result(pending, mark, { error: { type: 'no_response' }, success: false }, ['response']);
    this.#pending.clear();
    this.#early.clear();
  }

  ready(): boolean {
    return true;
  }

  get busy(): boolean {
    return this.#pending.size > 0;
  }

  get size(): number {
    return this.#lines.sent.size + this.#lines.received.size + this.#pending.size * 256 + this.#early.size * 1024;
  }

  #line(dir: Direction, line: string): void {
    const value = line.startsWith('{') || line.startsWith('[') ? parseJson(line) : undefined;
    let any = false;
    for (const message of Array.isArray(value) ? list(value) : [value])
      if (isObject(message) && message['jsonrpc'] === '2.0') {
        any = true;
        this.#message(dir, message);
      }
    if (any) {
      this.#known = true;
      return;
    }
    // servers may write logs to their output although they must not
    this.#info.counters.count('strange_lines');
    if (!this.#known && ++this.#strange > MAX_STRANGE) {
      this.ignored = true;
      this.#info.counters.count('unsupported', 'protocol', 'stdio_other');
    }
  }

  #message(dir: Direction, message: Json): void {
    const mark = this.#mark;
    if (mark === undefined) return;
    const rpc = message['id'];
    const method = text(message['method']);
    if (typeof rpc !== 'string' && typeof rpc !== 'number') return; // a notification
    const id = JSON.stringify(rpc); // 1 and "1" are two ids
    if (method !== undefined) {
      if (dir === 'sent') this.#request(id, String(rpc), method, object(message['params']), mark);
      return;
    }
    if (dir === 'received') this.#answer(id, message, mark);
  }

  #request(id: string, rpcId: string, method: string, params: Json, mark: Mark): void {
    const ordinal = this.#ordinal++;
    if (method !== 'tools/call' && method !== 'initialize') return;
    const name = text(params['name']) ?? 'unknown';
    const place: Place = { dir: 'sent', stream: 0, ordinal, index: 0 };
    const callId = `mcp_${idOf(this.#info, mark.event.ts, 'call_id', place)}`;
    let related: readonly RelatedEvent[] = [];
    if (method === 'tools/call') {
      const data: ToolCallData = {
        tool: this.#tool(name),
        call_id: callId,
        ...(params['arguments'] !== undefined && { arguments: params['arguments'] }),
      };
      const event = makeEvent(this.#info, 'agent.tool_call', mark, place, EVIDENCE, data, this.#attrs(rpcId));
      related = [{ event_id: event.event_id, relationship: 'caused_by' }];
      this.#info.emit(event);
    }
    if (this.#pending.size >= MAX_PENDING) {
      for (const oldest of this.#pending.keys()) {
        this.#pending.delete(oldest);
        break;
      }
      this.#info.counters.count('lost_responses');
    }
    this.#pending.set(id, { rpcId, method, callId, name, ordinal, related });
    const early = this.#early.get(id);
    if (early === undefined) return;
    this.#early.delete(id);
    this.#answer(id, early.message, early.mark);
  }

  #answer(id: string, message: Json, mark: Mark): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) {
      // only what may belong to a call or to initialize is worth keeping
      const result = object(message['result']);
      const isWanted = 'content' in result || 'serverInfo' in result || 'error' in message;
      if (isWanted && this.#early.size < 16) this.#early.set(id, { message, mark });
      return;
    }
    this.#pending.delete(id);
    const result = message['result'];
    if (pending.method === 'initialize') {
      this.#session(pending, object(result), mark);
      return;
    }
    const error = message['error'];
    if (isObject(error)) {
      const code = number(error['code']);
      const said = text(error['message']);
      this.#result(pending, mark, {
        success: false,
        error: { type: code === undefined ? 'rpc_error' : String(code), ...(said !== undefined && { message: said }) },
      });
      return;
    }
    const isError = object(result)['isError'] === true;
    this.#result(pending, mark, { success: !isError, ...(isError && { error: { type: 'tool_error' } }), result });
  }

  /**
   * A server was initialised: the start of a session with it, as `agent.session`. It says which process is at the other end, so that what a
   * server does while it starts is not taken for a finding.
   */
  #session(pending: Pending, result: Json, mark: Mark): void {
    const server = object(result['serverInfo']);
    this.#server = text(server['name']) ?? this.#server;
    const version = text(server['version']);
    const agent = this.#server && { name: this.#server, type: 'server', ...(version !== undefined && { version }) };
    const data = { action: 'start', ...(agent && { agent }) };
    const place: Place = { dir: 'received', stream: 0, ordinal: pending.ordinal, index: 0 };
    const attrs = { ...this.#attrs(pending.rpcId), 'mcp.method.name': 'initialize', 'mcp.server.name': this.#server };
    this.#info.emit(makeEvent(this.#info, 'agent.session', mark, place, EVIDENCE, data, attrs));
  }

  #result(pending: Pending, mark: Mark, more: Partial<ToolResultData>, missing: readonly string[] = []): void {
    const data: ToolResultData = { call_id: pending.callId, tool: this.#tool(pending.name), ...more };
    const place: Place = { dir: 'received', stream: 0, ordinal: pending.ordinal, index: 0 };
    const attrs = this.#attrs(pending.rpcId);
    const evidence = missing.length > 0 ? { ...EVIDENCE, missing } : EVIDENCE;
    this.#info.emit(makeEvent(this.#info, 'agent.tool_result', mark, place, evidence, data, attrs, pending.related));
  }

  #tool(name: string): { name: string; type: string; server: string; provider: string } {
    const child = this.#info.opened.child;
    const server = this.#server ?? (child === undefined ? this.#info.conn : String(child.pid));
    return { name, type: 'other', server, provider: 'mcp' };
  }

  #attrs(id: string): Record<string, unknown> {
    const child = this.#info.opened.child;
    return {
      'oisp.mcp': true,
      'oisp.conn': this.#info.conn,
      'oisp.call_id.derived': true,
      'mcp.method.name': 'tools/call',
      'mcp.request.id': id,
      ...(child && { 'mcp.child.pid': child.pid }),
      ...(child?.start_time !== undefined && { 'mcp.child.start_time': child.start_time }),
    };
  }
}
