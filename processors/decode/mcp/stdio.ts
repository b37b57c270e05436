import type { ConnectionInfo, Evidence } from '../connection-info.ts';
import { type Json, parseJson } from '../json.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import type { ConnectionProtocol } from '../stream/protocol.ts';
import type { At } from './call.ts';
import { Lines } from './lines.ts';
import { isForeign, isMcp, messagesOf } from './messages.ts';
import { McpSession } from './session.ts';

/** Lines that are not MCP after which a stream is taken for something else. */
const MAX_STRANGE = 16;

const EVIDENCE: Evidence = {
  level: 'high',
  reasons: ['JSON-RPC of MCP on the pipes of a child process'],
  method: 'payload_inspection',
  missing: [],
};

/**
 * MCP over the pipes of a child process: one message a line (modelcontextprotocol.io/specification/2025-06-18, basic/transports). The
 * parent, seen as `sent`, is the client. The session is the life of the pipes.
 */
export class McpStdio implements ConnectionProtocol {
  readonly #info: ConnectionInfo;
  readonly #lines: Record<Direction, Lines>;
  readonly #session: McpSession;
  #mark: Mark | undefined;
  /** Messages so far: their places. */
  #ordinal = 0;
  #strange = 0;
  #known = false;
  ignored = false;

  constructor(info: ConnectionInfo) {
    this.#info = info;
    this.#session = new McpSession(info.conn, true);
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
    if (dir === 'received') this.#session.lost();
  }

  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void {
    if (!this.ignored) this.#session.end(this.#at(mark, 0), how.ended);
  }

  ready(): boolean {
    return true;
  }

  get busy(): boolean {
    return this.#session.isBusy;
  }

  get size(): number {
    return this.#lines.sent.size + this.#lines.received.size + this.#session.size;
  }

  #line(dir: Direction, line: string): void {
    const mark = this.#mark;
    if (mark === undefined || this.ignored) return;
    const all = messagesOf(line.startsWith('{') || line.startsWith('[') ? parseJson(line) : undefined);
    this.#known ||= all.some(isMcp);
    const messages = all.filter((message) => this.#isOurs(message));
    if (messages.length === 0) this.#odd();
    this.#session.fallback = this.#fallback;
    for (const message of messages) {
      this.#session.read(dir === 'sent' ? 'client' : 'server', message, this.#at(mark, line.length));
      if (dir === 'sent') this.#ordinal++;
    }
  }

  /** Whether a message may be one of MCP: as long as nothing is known of the stream, answers and `initialize` are. */
  #isOurs(message: Json): boolean {
    if (isForeign(message)) return false;
    return this.#known || !('method' in message) || message['method'] === 'initialize';
  }

  /** Servers may write logs to their output although they must not. */
  #odd(): void {
    this.#info.counters.count('strange_lines');
    if (this.#known || ++this.#strange <= MAX_STRANGE) return;
    this.ignored = true;
    this.#info.counters.count('unsupported', 'protocol', 'stdio_other');
  }

  get #fallback(): string {
    const { child } = this.#info.opened;
    return child === undefined ? this.#info.conn : String(child.pid);
  }

  #at(mark: Mark, size: number): At {
    const { child } = this.#info.opened;
    return {
      info: this.#info,
      mark,
      place: { dir: 'sent', stream: 0, ordinal: this.#ordinal, index: 0 },
      evidence: EVIDENCE,
      attrs: {
        'mcp.transport': 'stdio',
        'network.transport': 'pipe',
        ...(child && { 'mcp.child.pid': child.pid }),
        ...(child?.start_time !== undefined && { 'mcp.child.start_time': child.start_time }),
      },
      size,
    };
  }
}
