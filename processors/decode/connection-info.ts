import { eventId, type OispEvent, type ProviderRegistry, type RelatedEvent } from '../../core/index.ts';
import type { Histories } from './body/history.ts';
import type { Counters } from './counters.ts';
import type { Flavour } from './flavour.ts';
import type { McpSessions } from './mcp/sessions.ts';
import type { Direction, Mark } from './stream/mark.ts';

/** What a connection's open record says. */
export interface Opened {
  readonly protocol: 'tls' | 'plain' | 'stdio' | undefined;
  readonly sni: string | undefined;
  readonly alpn: string | undefined;
  readonly remoteIp: string | undefined;
  readonly remotePort: number | undefined;
  readonly child: { readonly pid: number; readonly start_time?: string } | undefined;
}

export interface Limits {
  /** Bytes of one body, decoded. */
  readonly bodyBytes: number;
}

/** What the readers of one connection share: who it is, and where events go. */
export interface ConnectionInfo {
  readonly conn: string;
  readonly opened: Opened;
  readonly counters: Counters;
  readonly flavours: readonly Flavour[];
  readonly limits: Limits;
  /** What was sent before, by speaker. */
  readonly histories: Histories;
  /** The process, as part of a key. */
  readonly speaker: string;
  /** MCP sessions over HTTP, of all connections. */
  readonly mcp: McpSessions;
  readonly registry: ProviderRegistry;
  /** Whether answers carry what they cost. */
  readonly cost: boolean;
  /** Parts of the ids of everything seen here. */
  readonly identity: readonly (string | number)[];
  emit(event: OispEvent): void;
}

/** The place of an event in its connection. */
export interface Place {
  readonly dir: Direction;
  readonly stream: number;
  readonly ordinal: number;
  readonly index: number;
}

export function idOf(info: ConnectionInfo, ts: string, type: string, place: Place): string {
  return eventId(ts, ...info.identity, place.dir, place.stream, place.ordinal, type, place.index);
}

/** How a call is known to be one, and what of it is missing. */
export interface Evidence {
  readonly level: 'high' | 'medium' | 'inferred';
  readonly reasons: readonly string[];
  readonly method: 'known_endpoint' | 'payload_inspection';
  readonly missing: readonly string[];
}

const SOURCES: Readonly<Record<string, string>> = {
  ebpf_uprobe: 'tls_boundary',
  tls_boundary: 'tls_boundary',
  mitm_proxy: 'mitm_decryption',
};

/** An event made from bytes: time, host, process and app are those of the record that `mark` names. */
export function makeEvent(
  info: ConnectionInfo,
  type: string,
  mark: Mark,
  place: Place,
  evidence: Evidence,
  data: object,
  attrs: Readonly<Record<string, unknown>>,
  related?: readonly RelatedEvent[],
): OispEvent {
  const from = mark.event;
  const method = from.source.capture_method;
  const plain = info.opened.protocol === 'plain' || info.opened.protocol === 'stdio';
  return {
    oisp_version: '0.1',
    event_id: idOf(info, from.ts, type, place),
    event_type: type,
    ts: from.ts,
    ...(from.ts_mono !== undefined && { ts_mono: from.ts_mono }),
    source: {
      collector: 'oisp-collector',
      ...(method !== undefined && { capture_method: method }),
      ...(from.source.clock !== undefined && { clock: from.source.clock }),
    },
    confidence: {
      level: evidence.level,
      completeness: evidence.missing.length > 0 ? 'partial' : 'full',
      reasons: evidence.reasons,
      ...(evidence.missing.length > 0 && { missing: evidence.missing }),
      content_source: plain ? 'plaintext_capture' : (SOURCES[method ?? ''] ?? 'plaintext_capture'),
      ai_detection_method: evidence.method,
    },
    ...(from.host && { host: from.host }),
    ...(from.actor && { actor: from.actor }),
    ...(from.process && { process: from.process }),
    ...(from.app && { app: from.app }),
    data,
    attrs,
    ...(related && { related_events: related }),
  };
}

/** A place of `ids` for a request of this connection: same bytes, same id. */
export function requestIdOf(info: ConnectionInfo, first: Mark, stream: number, ordinal: number): string {
  return idOf(info, first.event.ts, 'request_id', { dir: 'sent', stream, ordinal, index: 0 });
}
