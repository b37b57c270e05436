/**
 * The OISP v0.1 event, with the wire's own names (snake_case). Source: oisp-spec `schema/v0.1`. Fields that the spec leaves open and we
 * add are marked "ours"; they pass the spec's schemas because its definitions are open.
 */
export interface OispEvent<D extends EventData = EventData> {
  readonly oisp_version: string;
  /** A ULID. Derived from stable input, so that the same bytes give the same id. */
  readonly event_id: string;
  readonly event_type: string;
  /** RFC 3339 with up to nine decimals: the time of what happened, never of decoding. */
  readonly ts: string;
  /** Nanoseconds of the clock that `source.clock` names. */
  readonly ts_mono?: number;
  readonly source: Source;
  readonly confidence: Confidence;
  readonly host?: HostInfo;
  readonly actor?: Readonly<Record<string, unknown>>;
  readonly process?: ProcessInfo;
  readonly app?: AppInfo;
  readonly web_context?: Readonly<Record<string, unknown>>;
  readonly data: D;
  readonly attrs?: Attrs;
  readonly ext?: Readonly<Record<string, unknown>>;
  readonly related_events?: readonly RelatedEvent[];
  readonly trace_context?: TraceContext;
}

export type EventData = object;
export type Attrs = Readonly<Record<string, unknown>>;

export interface RelatedEvent {
  readonly event_id: string;
  readonly relationship: 'parent' | 'child' | 'caused_by' | 'causes' | 'related';
}

export interface TraceContext {
  readonly trace_id: string;
  readonly span_id: string;
  readonly trace_flags?: number;
}

export interface Source {
  readonly collector: string;
  readonly collector_version?: string;
  readonly capture_method?: string;
  readonly capture_point?: string;
  readonly sensor_host?: string;
  /** Ours: what `ts_mono` counts, `boottime` or `monotonic`. */
  readonly clock?: string;
}

export type ConfidenceLevel = 'high' | 'medium' | 'low' | 'inferred';
export type Completeness = 'full' | 'partial' | 'metadata_only' | 'redacted' | 'sampled' | 'vendor_reported';

export interface Confidence {
  readonly level: ConfidenceLevel;
  readonly completeness: Completeness;
  readonly reasons?: readonly string[];
  readonly missing?: readonly string[];
  readonly limitations?: readonly string[];
  readonly process_attribution?: string;
  readonly content_source?: string;
  readonly ai_detection_method?: string;
  readonly redaction_applied?: boolean;
  readonly redaction_profile?: string;
}

export interface HostInfo {
  readonly hostname?: string;
  readonly device_id?: string;
  readonly os?: string;
  readonly os_version?: string;
  readonly arch?: string;
  readonly kernel_version?: string;
  /** Ours. */
  readonly boot_id?: string;
  readonly [more: string]: unknown;
}

export interface ProcessInfo {
  readonly pid?: number;
  readonly ppid?: number;
  readonly exe?: string;
  readonly name?: string;
  readonly cmdline?: string;
  readonly cmdline_args?: readonly string[];
  readonly cwd?: string;
  /** RFC 3339; together with pid the identity of a process on a host. */
  readonly start_time?: string;
  readonly thread_id?: number;
  readonly [more: string]: unknown;
}

export interface AppInfo {
  readonly app_id?: string;
  readonly name?: string;
  readonly vendor?: string;
  readonly version?: string;
  readonly [more: string]: unknown;
}

/** Content that was taken out: what is left in its place. */
export interface Redacted {
  readonly $redacted: {
    readonly reason: string;
    readonly detector?: string;
    /** Unicode code points of the original text. */
    readonly original_length?: number;
    readonly hash?: string;
    readonly redaction_profile?: string;
    readonly findings?: readonly { readonly type: string; readonly count: number }[];
  };
}

export function isRedacted(value: unknown): value is Redacted {
  return typeof value === 'object' && value !== null && '$redacted' in value;
}

// ---------------------------------------------------------------- capture.* (docs/capture-records.md)
export interface CaptureOpenData {
  readonly conn: string;
  readonly protocol: 'tls' | 'plain' | 'stdio';
  readonly sni?: string;
  readonly alpn?: string;
  readonly local?: { readonly ip?: string; readonly port?: number };
  readonly remote?: { readonly ip?: string; readonly port?: number };
  /** stdio: the process at the other end. */
  readonly child?: { readonly pid: number; readonly start_time?: string };
}

export interface CaptureDataData {
  readonly conn: string;
  readonly dir: 'sent' | 'received';
  /** Counts the records of one conn and dir from 0. */
  readonly seq: number;
  /** Bytes of this dir before this record. */
  readonly offset: number;
  /** Base64, in recordings. */
  readonly b64?: string;
  /** The bytes, in memory. Owned by the event: never changed by anybody. */
  readonly bytes?: Uint8Array;
  /** Bytes of this record that the source saw but did not copy. */
  readonly cut?: number;
}

export interface CaptureLostData {
  readonly conn?: string;
  readonly records?: number;
  readonly bytes?: number;
  readonly reason: string;
}

export interface CaptureCloseData {
  readonly conn: string;
  readonly reason?: 'eof' | 'error' | 'exit';
}

// ---------------------------------------------------------------- ai.*
export type Role = 'system' | 'user' | 'assistant' | 'tool' | 'function';

/** Blocks of a message in OpenTelemetry's part forms (semantic conventions 1.41, gen-ai input/output messages). */
export type Part =
  | { readonly type: 'text'; readonly content: string | Redacted }
  | { readonly type: 'reasoning'; readonly content: string | Redacted }
  | {
      readonly type: 'tool_call';
      readonly id?: string;
      readonly name: string;
      readonly arguments?: unknown;
      /** Ours: the provider runs the tool, not the agent. */
      readonly server?: true;
    }
  | {
      readonly type: 'tool_call_response';
      readonly id?: string;
      /** Ours: the tool's name, where the provider pairs by name (Gemini). */
      readonly name?: string;
      readonly response: unknown;
      readonly is_error?: boolean;
      /** Ours: the provider ran the tool. */
      readonly server?: true;
    }
  | { readonly type: 'blob'; readonly mime_type?: string; readonly modality: string; readonly size?: number }
  | { readonly type: 'file'; readonly modality: string; readonly file_id: string }
  | { readonly type: 'uri'; readonly modality: string; readonly uri: string }
  | { readonly type: 'other'; readonly kind: string; readonly content?: unknown };

export interface Message {
  readonly role: Role;
  /** Text parts joined by a line feed; those of an assistant follow each other with nothing between. */
  readonly content?: string | Redacted;
  /** Ours: all blocks in order. */
  readonly parts?: readonly Part[];
  readonly content_hash?: string;
  readonly content_length?: number;
  readonly tool_call_id?: string;
  readonly name?: string;
  /** Ours: `role` is the wire's own role (`developer`), `separate` marks a system prompt that the API carries beside the messages. */
  readonly attrs?: { readonly role?: string; readonly separate?: boolean };
}

export interface ToolDefinition {
  readonly name: string;
  readonly type?: string;
  readonly description?: string | Redacted;
  /** Ours: JSON schema of the arguments. */
  readonly parameters?: unknown;
}

export interface AiRequestData {
  readonly request_id: string;
  readonly conversation_id?: string;
  readonly provider: { readonly name: string; readonly endpoint?: string; readonly [more: string]: unknown };
  readonly model?: { readonly id: string; readonly [more: string]: unknown };
  readonly auth?: {
    readonly type: 'api_key' | 'oauth' | 'service_account' | 'session' | 'none' | 'unknown';
    readonly account_type?: 'personal' | 'corporate' | 'shared' | 'unknown';
    readonly key_prefix?: string;
    readonly key_hash?: string;
  };
  readonly request_type: 'chat' | 'completion' | 'embedding' | 'image' | 'audio' | 'moderation' | 'other';
  readonly streaming: boolean;
  readonly messages?: readonly Message[];
  readonly messages_count?: number;
  readonly has_system_prompt?: boolean;
  readonly system_prompt_hash?: string;
  readonly tools?: readonly ToolDefinition[];
  readonly tools_count?: number;
  readonly tool_choice?: unknown;
  readonly parameters?: {
    readonly temperature?: number;
    readonly top_p?: number;
    readonly max_tokens?: number;
    readonly frequency_penalty?: number;
    readonly presence_penalty?: number;
    readonly stop?: readonly string[];
    /** Ours. */
    readonly top_k?: number;
    readonly seed?: number;
  };
  readonly has_images?: boolean;
  readonly image_count?: number;
  /** Ours: Responses API. */
  readonly previous_response_id?: string;
}

export interface ToolCall {
  /** Absent where the provider gives none (Gemini). */
  readonly id?: string;
  readonly name: string;
  readonly type?: string;
  /** The parsed object; the raw text where it is no JSON object; absent where redacted. */
  readonly arguments?: unknown;
  readonly arguments_hash?: string;
}

export interface Usage {
  /** As OpenTelemetry wants it: Anthropic's cache reads and writes are included. */
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
  readonly cached_tokens?: number;
  readonly reasoning_tokens?: number;
  /** Ours. */
  readonly cache_creation_tokens?: number;
  /** US dollars. */
  readonly input_cost_usd?: number;
  readonly output_cost_usd?: number;
  readonly total_cost_usd?: number;
  /** Ours: the provider's own numbers by the provider's own names. */
  readonly provider?: Readonly<Record<string, unknown>>;
}

export interface AiResponseData {
  readonly request_id: string;
  readonly conversation_id?: string;
  /** The provider's id of the answer (`id`, `responseId`). */
  readonly provider_request_id?: string;
  readonly provider: { readonly name: string; readonly endpoint?: string; readonly [more: string]: unknown };
  readonly model?: { readonly id: string; readonly [more: string]: unknown };
  readonly status_code?: number;
  readonly success: boolean;
  readonly error?: { readonly type?: string; readonly message?: string | Redacted; readonly code?: string };
  readonly choices?: readonly { readonly index: number; readonly message: Message; readonly finish_reason?: string }[];
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_calls_count?: number;
  readonly usage?: Usage;
  readonly latency_ms?: number;
  readonly time_to_first_token_ms?: number;
  readonly finish_reason?: 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error' | 'other';
  /** Ours: Responses API, what the request continued. */
  readonly streaming?: boolean;
}

// ---------------------------------------------------------------- agent.*
export interface ToolCallData {
  readonly tool: {
    readonly name: string;
    readonly type?: string;
    readonly provider?: string;
    readonly server?: string;
    /** As the MCP server describes it. */
    readonly description?: string;
  };
  readonly agent?: { readonly name: string; readonly type?: string; readonly [more: string]: unknown };
  /** The provider's id; where it gives none, one of ours and `attrs["oisp.call_id.derived"] = true`. */
  readonly call_id: string;
  readonly arguments?: unknown;
  readonly arguments_hash?: string;
  readonly triggered_by?: string;
  /** Ours: the model call that asked for it. */
  readonly request_id?: string;
  /** Ours: place among the calls of its response, from 0. */
  readonly index?: number;
}

export interface ToolResultData {
  readonly call_id: string;
  readonly tool?: { readonly name: string; readonly type?: string; readonly server?: string };
  readonly success?: boolean;
  readonly error?: { readonly type?: string; readonly message?: string | Redacted };
  readonly result?: unknown;
  readonly result_hash?: string;
  readonly result_size_bytes?: number;
  /** Ours: the model call whose messages brought it. */
  readonly request_id?: string;
  readonly index?: number;
}

export interface PlanStepData {
  readonly agent?: { readonly name: string; readonly [more: string]: unknown };
  /** The step under way, from 0. */
  readonly step_index?: number;
  readonly step_type?: 'planning' | 'reasoning' | 'decision' | 'reflection' | 'revision';
  readonly description?: string;
  /** `status` is ours: the agent's own word. */
  readonly planned_actions?: readonly { readonly action?: string; readonly status?: string }[];
  readonly context_files?: readonly string[];
  readonly iteration?: number;
  /** Ours: the model call and the tool call that brought it. */
  readonly request_id?: string;
  readonly call_id?: string;
}

export interface RetrieveData {
  readonly agent?: { readonly name: string; readonly [more: string]: unknown };
  readonly source?: { readonly type?: string; readonly name?: string; readonly provider?: string };
  readonly query?: string;
  readonly results_count?: number;
  readonly results?: readonly {
    readonly source?: string;
    readonly score?: number;
    readonly content_preview?: string;
    readonly metadata?: Readonly<Record<string, unknown>>;
  }[];
  readonly latency_ms?: number;
  /** Ours: the model call whose answer brought it; absent for a call to a retrieval API. */
  readonly request_id?: string;
  readonly call_id?: string;
}

// ---------------------------------------------------------------- process.*, file.*, network.*
export interface ExecData {
  readonly exe: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly is_shell?: boolean;
  readonly [more: string]: unknown;
}

export interface ExitData {
  readonly exit_code: number;
  readonly signal?: number;
  readonly signal_name?: string;
  readonly runtime_ms?: number;
  readonly [more: string]: unknown;
}

export interface ForkData {
  readonly child_pid: number;
  readonly is_thread?: boolean;
}

export interface FileData {
  readonly path: string;
  readonly flags?: readonly string[];
  readonly bytes_read?: number;
  readonly bytes_written?: number;
  readonly created?: boolean;
  readonly truncated?: boolean;
  readonly [more: string]: unknown;
}

export interface RenameData {
  readonly old_path: string;
  readonly new_path: string;
  readonly overwrote?: boolean;
}

export interface ConnectData {
  readonly dest: { readonly ip?: string; readonly port?: number; readonly domain?: string };
  readonly protocol?: string;
  readonly success?: boolean;
  readonly error?: unknown;
  readonly latency_ms?: number;
  readonly [more: string]: unknown;
}

export interface DnsData {
  readonly query_name: string;
  readonly query_type?: string;
  readonly response_code?: string;
  readonly answers?: readonly { readonly type?: string; readonly value?: string; readonly ttl?: number }[];
  readonly latency_ms?: number;
}

/** Event types whose `data` has a type here. */
export interface DataOf {
  'capture.open': CaptureOpenData;
  'capture.data': CaptureDataData;
  'capture.lost': CaptureLostData;
  'capture.close': CaptureCloseData;
  'ai.request': AiRequestData;
  'ai.response': AiResponseData;
  'agent.tool_call': ToolCallData;
  'agent.tool_result': ToolResultData;
  'agent.plan_step': PlanStepData;
  'agent.rag_retrieve': RetrieveData;
  'process.exec': ExecData;
  'process.exit': ExitData;
  'process.fork': ForkData;
  'file.open': FileData;
  'file.read': FileData;
  'file.write': FileData;
  'file.delete': FileData;
  'file.rename': RenameData;
  'network.connect': ConnectData;
  'network.dns': DnsData;
}

/**
 * Whether an event is of a type; then its `data` is typed. The types are what `core/event/border.ts` checked when the event came in;
 * optional fields of a foreign event may still be of another kind, so read them with care.
 */
export function isEvent<T extends keyof DataOf>(event: OispEvent, type: T): event is OispEvent<DataOf[T]> {
  return event.event_type === type;
}
