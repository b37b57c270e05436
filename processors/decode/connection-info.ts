import {
  type ConfidenceLevel,
  eventId,
  type OispEvent,
  type ProviderRegistry,
  type RelatedEvent,
} from '../../core/index.ts';
import type { Histories } from './body/history.ts';
import type { DetectionMethod } from './confidence.ts';
import type { Counters } from './counters.ts';
import type { Flavour } from './flavour.ts';
import type { Caller } from './identity/caller.ts';
import type { McpSessions } from './mcp/sessions.ts';
import type { Direction, Mark, Origin } from './stream/mark.ts';

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

/** How events are made. */
export interface EventOptions {
  /** `hmac-sha256:` and 64 hex digits that stand for a credential on this installation. */
  hashOf(secret: string): string;
  /** An event for each piece of a streamed answer. */
  readonly streamingChunks: boolean;
  /** An event for each embedding call, beside its request and answer. */
  readonly embeddingEvents: boolean;
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
  readonly events: EventOptions;
  /** Host, boot and process, joined by NUL. */
  readonly process: string;
  /** The first part of the ids of everything seen here: `process`, the connection and when it began, joined by NUL. */
  readonly identity: string;
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
  return eventId(ts, info.identity, place.dir, place.stream, place.ordinal, type, place.index);
}

/** How a call is known to be one, and what of it is missing. */
export interface Evidence {
  readonly level: ConfidenceLevel;
  readonly reasons: readonly string[];
  readonly method: DetectionMethod;
  readonly missing: readonly string[];
  readonly limitations?: readonly string[];
}

const SOURCES: Readonly<Record<string, string>> = {
  ebpf_uprobe: 'tls_boundary',
  tls_boundary: 'tls_boundary',
  mitm_proxy: 'mitm_decryption',
};

/** Sources that see bytes within the process that sends them: nothing has to be guessed. */
const DIRECT = new Set([
  'ebpf_uprobe',
  'ebpf_tracepoint',
  'ebpf_kprobe',
  'syscall_intercept',
  'tls_boundary',
  'dtrace',
]);

/** How the bytes were given to their process: as the record says, else as its source does. */
function attributionOf({ confidence, source, process }: Origin): string | undefined {
  if (confidence.process_attribution !== undefined) return confidence.process_attribution;
  if (process?.pid === undefined) return 'unknown';
  return DIRECT.has(source.capture_method ?? '') ? 'direct' : undefined;
}

/** What is still being put together. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/**
 * An event made from bytes: time, host, process and app are those of the record that `mark` names. What the caller says of itself counts
 * where the record says nothing.
 */
export function makeEvent(
  info: ConnectionInfo,
  type: string,
  mark: Mark,
  place: Place,
  evidence: Evidence,
  data: object,
  attrs: Readonly<Record<string, unknown>>,
  related?: readonly RelatedEvent[],
  caller?: Caller,
): OispEvent {
  const from = mark.event;
  const method = from.source.capture_method;
  const attribution = attributionOf(from);
  const app = from.app ?? caller?.app;
  const webContext = from.web_context ?? caller?.web_context;
  const plain = info.opened.protocol === 'plain' || info.opened.protocol === 'stdio';
  const { missing, limitations } = evidence;
  const confidence: Draft<OispEvent['confidence']> = {
    level: evidence.level,
    completeness: missing.length > 0 ? 'partial' : 'full',
    reasons: evidence.reasons,
  };
  if (missing.length > 0) confidence.missing = missing;
  if (limitations && limitations.length > 0) confidence.limitations = limitations;
  if (attribution !== undefined) confidence.process_attribution = attribution;
  confidence.content_source = plain ? 'plaintext_capture' : (SOURCES[method ?? ''] ?? 'plaintext_capture');
  confidence.ai_detection_method = evidence.method;
  const source: Draft<OispEvent['source']> = { collector: 'oisp-collector' };
  if (method !== undefined) source.capture_method = method;
  if (from.source.clock !== undefined) source.clock = from.source.clock;
  // thousands are made: fields one by one cost a tenth of a literal of conditional spreads
  const event: Partial<Draft<OispEvent>> & Pick<OispEvent, 'oisp_version'> = {
    oisp_version: '0.1',
    event_id: idOf(info, from.ts, type, place),
    event_type: type,
    ts: from.ts,
  };
  if (from.ts_mono !== undefined) event.ts_mono = from.ts_mono;
  event.source = source;
  event.confidence = confidence;
  if (from.host) event.host = from.host;
  if (from.actor) event.actor = from.actor;
  if (from.process) event.process = from.process;
  if (app) event.app = app;
  if (webContext) event.web_context = webContext;
  event.data = data;
  event.attrs = attrs;
  if (related) event.related_events = related;
  return event as OispEvent;
}

/**
 * A place of `ids` for a request of this connection: same bytes, same id. Answers whose request was not seen have ordinals below zero.
 */
export function requestIdOf(info: ConnectionInfo, first: Mark, stream: number, ordinal: number): string {
  return idOf(info, first.event.ts, 'request_id', { dir: 'sent', stream, ordinal, index: 0 });
}
