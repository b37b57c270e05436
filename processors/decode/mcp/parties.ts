import { type Json, list, object, text } from '../json.ts';

const MAX_TOOLS = 256;
const MAX_DESCRIPTION = 200;
const MAX_NAME = 256;

/** A client or a server, as it names itself. */
export interface Party {
  readonly name: string;
  readonly version: string | undefined;
}

/** Who speaks in a session, and what is known of the server: what `initialize`, `server/discover`, `tools/list` and `_meta` say. */
export class Parties {
  server: Party | undefined;
  client: Party | undefined;
  /** The version of MCP that they agreed on. */
  protocol: string | undefined;
  /** Names the server until it has said its name. */
  fallback: string;
  /** Names of the server's tools with their descriptions. */
  readonly #tools = new Map<string, string>();

  constructor(fallback: string) {
    this.fallback = fallback;
  }

  /** Bytes held, roughly. */
  get size(): number {
    return 256 + this.#tools.size * 256;
  }

  get serverName(): string {
    return this.server?.name ?? this.fallback;
  }

  /** Takes over what is known of the same server. */
  learn(other: Parties): void {
    this.server ??= other.server;
    this.protocol ??= other.protocol;
    for (const [name, description] of other.#tools) if (!this.#tools.has(name)) this.#tools.set(name, description);
  }

  /** Reads what a request says of its client: since 2026-07-28 every one does. */
  asked(method: string, params: Json): void {
    const meta = object(params['_meta']);
    this.protocol = text(meta['io.modelcontextprotocol/protocolVersion']) ?? this.protocol;
    const client = method === 'initialize' ? params['clientInfo'] : meta['io.modelcontextprotocol/clientInfo'];
    this.client = partyOf(client) ?? this.client;
  }

  /** Reads what an answer says of its server. */
  answered(method: string, result: Json): void {
    const isNamed = method === 'initialize' || method === 'server/discover';
    const meta = object(result['_meta'])['io.modelcontextprotocol/serverInfo'];
    this.server = partyOf(isNamed ? (result['serverInfo'] ?? meta) : meta) ?? this.server;
    if (method === 'initialize') this.protocol = text(result['protocolVersion']) ?? this.protocol;
    if (method === 'tools/list') this.#list(list(result['tools']));
  }

  /** What the server says that a tool does; undefined for one that it did not list. */
  descriptionOf(tool: string): string | undefined {
    return this.#tools.get(tool) || undefined;
  }

  #list(tools: readonly unknown[]): void {
    for (const tool of tools.slice(0, MAX_TOOLS).map(object)) {
      const name = text(tool['name']);
      if (name === undefined || name.length > MAX_NAME) continue;
      if (this.#tools.size < MAX_TOOLS || this.#tools.has(name))
        this.#tools.set(name, text(tool['description'])?.slice(0, MAX_DESCRIPTION) ?? '');
    }
  }

  /** The other end, in the form of an event's `agent`. */
  agent(): { readonly agent?: object } {
    if (this.server === undefined) return {};
    const { name, version } = this.server;
    return { agent: { name, type: 'server', ...(version !== undefined && { version }) } };
  }

  /** Attributes of the start and the end of a session. */
  attrs(): Record<string, unknown> {
    return {
      'mcp.server.name': this.server?.name,
      ...(this.client && { 'mcp.client.name': this.client.name }),
      ...(this.client?.version !== undefined && { 'mcp.client.version': this.client.version }),
    };
  }
}

function partyOf(value: unknown): Party | undefined {
  const name = text(object(value)['name']);
  if (name === undefined) return undefined;
  return { name: name.slice(0, MAX_NAME), version: text(object(value)['version'])?.slice(0, MAX_NAME) };
}
