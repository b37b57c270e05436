/** What is known about one of the collector's own numbers. */
export interface Metric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  /** UCUM, as in OpenTelemetry: `{spans}`, `By`. */
  readonly unit: string;
  readonly meaning: string;
  /** Each counted item was taken in and did not come out: the number that exit code 3 speaks of. Every item is in one of these at most. */
  readonly loss?: true;
}

const SUFFIXES = [
  { suffix: 'spans', unit: '{spans}', what: 'spans' },
  { suffix: 'log_records', unit: '{records}', what: 'events' },
] as const;

function perSignal(prefix: string, meaning: (what: string) => string, loss?: 'loss'): Metric[] {
  return SUFFIXES.map(({ suffix, unit, what }) => ({
    name: `${prefix}_${suffix}`,
    kind: 'counter',
    unit,
    meaning: meaning(what),
    ...(loss && { loss: true }),
  }));
}

function counter(name: string, unit: string, meaning: string, loss?: 'loss'): Metric {
  return { name, kind: 'counter', unit, meaning, ...(loss && { loss: true }) };
}

function gauge(name: string, unit: string, meaning: string): Metric {
  return { name, kind: 'gauge', unit, meaning };
}

/** Counted on the edges of the graph, around every component. */
const GRAPH: readonly Metric[] = [
  ...perSignal('otelcol_receiver_accepted', (what) => `Number of ${what} that a receiver handed on.`),
  ...perSignal(
    'otelcol_receiver_refused',
    (what) => `Number of ${what} that what is below a receiver refused; counted for each try.`,
  ),
  counter('otelcol_processor_incoming_items', '{items}', 'Number of spans or events that a processor was handed.'),
  counter('otelcol_processor_outgoing_items', '{items}', 'Number of spans or events that a processor handed on.'),
  counter('otelcol_connector_consumed_items', '{items}', 'Number of spans or events that a connector was handed.'),
  counter('otelcol_connector_produced_items', '{items}', 'Number of spans or events that a connector handed on.'),
  counter(
    'oisp_processor_failed_items',
    '{items}',
    'Number of spans or events that a processor or connector gave up because of an error of its own.',
    'loss',
  ),
  counter(
    'oisp_interrupted_items',
    '{items}',
    'Number of spans or events that a component refused for now and that were not taken before the end.',
    'loss',
  ),
  counter(
    'oisp_fanout_retries',
    '{attempts}',
    'Number of times that a batch was handed again to a branch that had not taken it.',
  ),
];

/** Counted by exporters themselves when they keep data back, else on the edge above them. */
const EXPORT: readonly Metric[] = [
  ...perSignal('otelcol_exporter_sent', (what) => `Number of ${what} that an exporter delivered.`),
  ...perSignal(
    'otelcol_exporter_send_failed',
    (what) => `Number of ${what} that an exporter could not deliver.`,
    'loss',
  ),
  ...perSignal(
    'otelcol_exporter_enqueue_failed',
    (what) => `Number of ${what} that an exporter did not take; whoever handed them over may try again.`,
  ),
  ...perSignal(
    'oisp_exporter_rejected',
    (what) => `Number of ${what} that the server rejected in a partial success.`,
    'loss',
  ),
  ...perSignal(
    'oisp_exporter_lost',
    (what) => `Number of ${what} that an exporter held in memory when the time for the shutdown was up.`,
    'loss',
  ),
  counter('oisp_exporter_dropped_attributes', '{attributes}', 'Number of attributes that have no OTLP form.'),
  counter('oisp_exporter_write_errors', '{errors}', 'Number of writes to a file that failed.'),
  gauge('otelcol_exporter_queue_size', '{units}', 'What is queued or being sent, in units of the sizer.'),
  gauge('otelcol_exporter_queue_capacity', '{units}', 'Most that is queued, in units of the sizer.'),
];

const EBPF: readonly Metric[] = [
  counter('oisp_ebpf_bad_records', '{records}', 'Number of records out of the ring that could not be read.'),
  counter('oisp_ebpf_refused_events', '{events}', 'Number of events that the pipeline refused for good.'),
  gauge('oisp_ebpf_connections', '{connections}', 'Connections and bytes of them by what became of them, by kind.'),
  gauge('oisp_ebpf_effects', '{events}', 'Effects that were left out or could not be named, by kind.'),
  gauge('oisp_ebpf_tracked_processes', '{processes}', 'Processes that are observed.'),
  gauge(
    'oisp_ebpf_sensor',
    '1',
    'Sums of the programs in the kernel: records, drops, bytes sent, kept, cut or unreadable, by kind.',
  ),
  gauge('oisp_ebpf_ring_bytes', 'By', 'Bytes that wait in the ring.'),
];

const JSONL: readonly Metric[] = [
  counter('oisp_jsonl_events', '{events}', 'Number of events that were read and taken by the pipeline.'),
  counter('oisp_jsonl_read_bytes', 'By', 'Bytes of the input, after unpacking.'),
  counter('oisp_jsonl_bad_lines', '{lines}', 'Number of lines that are no event, by reason.'),
  counter(
    'oisp_jsonl_file_errors',
    '{errors}',
    'Number of files, or rests of files, that could not be read, by reason.',
  ),
  counter('oisp_jsonl_refused_events', '{events}', 'Number of events that the pipeline refused for good.'),
  counter('oisp_jsonl_consume_retries', '{attempts}', 'Number of times that a batch was handed on again.'),
  counter(
    'oisp_jsonl_undelivered_events',
    '{events}',
    'Number of events that were read but not handed on before the stop.',
  ),
  counter(
    'oisp_jsonl_rounded_ts_mono',
    '{events}',
    'Number of events whose ts_mono is beyond 2^53 and lost its last digits.',
  ),
  counter(
    'oisp_jsonl_replaced_utf8_lines',
    '{lines}',
    'Number of lines with bytes that are no UTF-8 and were replaced.',
  ),
  counter('oisp_jsonl_truncations', '{files}', 'Number of times that a followed file became shorter.'),
  counter(
    'oisp_jsonl_missing_files',
    '{files}',
    'Number of files of the checkpoint that were not found again at the start: what was not read of them is missing.',
  ),
  counter(
    'oisp_jsonl_missing_bytes',
    'By',
    'Bytes of missing files that were read before but not delivered; what was written to them later is not known.',
  ),
];

const DECODE: readonly Metric[] = [
  counter('oisp_decode_bad_records', '{records}', 'Number of capture records that cannot be read, by reason.'),
  counter('oisp_decode_duplicate_records', '{records}', 'Number of capture records that came twice.'),
  counter('oisp_decode_gaps', '{gaps}', 'Number of places where bytes of a connection are missing.'),
  counter('oisp_decode_damaged_bodies', '{bodies}', 'Number of bodies that could be read in part, by reason.'),
  counter(
    'oisp_decode_mislabelled_bodies',
    '{bodies}',
    'Number of bodies that are not in the coding that their head names; they are read as what they are.',
  ),
  counter('oisp_decode_unreadable_bodies', '{bodies}', 'Number of bodies of AI traffic that could not be read.'),
  counter('oisp_decode_unreadable_events', '{events}', 'Number of events of a streamed answer that could not be read.'),
  counter('oisp_decode_ignored_requests', '{requests}', 'Number of requests that are no AI traffic, by reason.'),
  counter(
    'oisp_decode_http_refused',
    '{connections}',
    'Number of connections given up because they break HTTP, by reason.',
  ),
  counter('oisp_decode_source_losses', '{records}', 'Number of records that a source says it lost, by reason.'),
  counter('oisp_decode_evicted', '{connections}', 'Number of connections let go because of a bound, by reason.'),
  counter('oisp_decode_unsupported', '{connections}', 'Number of connections of a protocol that is not read.'),
  counter('oisp_decode_lost_requests', '{requests}', 'Number of requests that a gap or an end cut off.'),
  counter(
    'oisp_decode_failed_connections',
    '{connections}',
    'Number of connections that a defect kept from being read.',
  ),
  counter('oisp_decode_orphan_answers', '{answers}', 'Number of answers without a request that were reported.'),
  counter('oisp_decode_lost_responses', '{responses}', 'Number of answers that a gap or an end cut off.'),
  counter('oisp_decode_unpriced_answers', '{answers}', 'Number of answers whose cost is not known, by reason.'),
  counter('oisp_decode_lost_messages', '{messages}', 'Number of WebSocket messages that are not whole, by reason.'),
  counter('oisp_decode_unreadable_messages', '{messages}', 'Number of WebSocket messages that are no JSON, by kind.'),
  counter(
    'oisp_decode_websocket_refused',
    '{frames}',
    'Number of places where bytes are no WebSocket frame, by reason.',
  ),
  counter('oisp_decode_session_errors', '{errors}', 'Number of errors of AI sessions that belong to no call.'),
  counter('oisp_decode_lost_lines', '{lines}', 'Number of MCP lines that a gap or an end cut off.'),
  counter('oisp_decode_mcp_messages', '{messages}', 'Number of MCP requests and notifications, by method.'),
  counter('oisp_decode_strange_lines', '{lines}', 'Number of lines of an MCP stream that are no message.'),
  counter(
    'oisp_decode_reread_skipped',
    '{requests}',
    'Number of exchanges that an earlier run delivered before the checkpoint.',
  ),
  counter('oisp_decode_retries', '{attempts}', 'Number of times that a batch was handed on again.'),
  counter(
    'oisp_decode_dropped_events',
    '{events}',
    'Number of events that what is below refused; the component that refused them counts the loss.',
  ),
  gauge('oisp_decode_connections', '{connections}', 'Connections that are open.'),
  gauge('oisp_decode_held_bytes', 'By', 'Bytes that wait for the rest of a message.'),
];

const ENRICH: readonly Metric[] = [
  counter('oisp_enrich_evicted_processes', '{processes}', 'Number of processes that were let go to bound memory.'),
  gauge('oisp_enrich_processes', '{processes}', 'Processes that are known.'),
];

const REDACT: readonly Metric[] = [
  counter('oisp_redact_findings', '{findings}', 'Number of secrets that were replaced, by type.'),
  counter(
    'oisp_redact_capture_dropped',
    '{events}',
    'Number of raw capture records, which never pass redaction.',
    'loss',
  ),
  counter('oisp_redact_events_reduced', '{events}', 'Number of events of which only metadata passed.'),
  counter('oisp_redact_events_dropped', '{events}', 'Number of events that could not be redacted.', 'loss'),
  counter('oisp_redact_spans_dropped', '{spans}', 'Number of spans that could not be redacted.', 'loss'),
];

const CORRELATE: readonly Metric[] = [
  counter(
    'oisp_correlate_untimed_events',
    '{events}',
    'Number of events without a time that can be read; they pass without a place in a tree.',
  ),
  counter('oisp_correlate_late_events', '{events}', 'Number of events that came after their time window.'),
  counter(
    'oisp_correlate_early_events',
    '{events}',
    'Number of events that did not wait for their time window because too many did.',
  ),
  counter('oisp_correlate_failed_events', '{events}', 'Number of events that a defect kept out of their tree.'),
  counter('oisp_correlate_unmatched_responses', '{events}', 'Number of answers without a request.'),
  counter(
    'oisp_correlate_unmatched_tool_calls',
    '{events}',
    'Number of tool calls without the answer that asked for them.',
  ),
  counter('oisp_correlate_unmatched_tool_results', '{events}', 'Number of tool results without their call.'),
  counter(
    'oisp_correlate_unmatched_mcp_calls',
    '{events}',
    'Number of MCP calls without the tool call that they serve.',
  ),
  counter(
    'oisp_correlate_reread_skipped_calls',
    '{calls}',
    'Number of model calls that an earlier run delivered before the checkpoint.',
  ),
  counter(
    'oisp_correlate_continuations',
    '{traces}',
    'Number of traces that go on in a linked one because of their size.',
  ),
  counter('oisp_correlate_evicted_agents', '{agents}', 'Number of agents that were let go to bound memory.'),
  counter('oisp_correlate_evicted_processes', '{processes}', 'Number of processes that were let go to bound memory.'),
  counter(
    'oisp_correlate_evicted_conversations',
    '{conversations}',
    'Number of conversations that were let go to bound memory.',
  ),
  counter(
    'oisp_correlate_repeated_events',
    '{events}',
    'Number of events that came a second time and were handed on without a place in a tree.',
  ),
  counter(
    'oisp_correlate_evicted_sessions',
    '{sessions}',
    'Number of sessions whose end was told early to bound memory.',
  ),
  counter(
    'oisp_correlate_remade_events',
    '{events}',
    'Number of agent.session events of an earlier run that were read back and made anew.',
  ),
  counter(
    'oisp_correlate_evicted_effects',
    '{events}',
    'Number of effects that could not wait for their tool call, to bound memory.',
  ),
  counter(
    'oisp_correlate_dropped',
    '{items}',
    'Number of spans or events that what is below refused; the component that refused them counts the loss.',
  ),
  gauge('oisp_correlate_open_turns', '{turns}', 'Turns that go on.'),
  gauge('oisp_correlate_conversations', '{conversations}', 'Conversations that are kept.'),
  gauge('oisp_correlate_waiting_events', '{events}', 'Events that wait for their time window to pass.'),
];

const DEBUG: readonly Metric[] = [
  counter(
    'oisp_debug_evicted_spans',
    '{spans}',
    'Number of spans that are not shown in their tree, because too many waited for a root.',
  ),
  counter('oisp_debug_unwritten_prints', '{prints}', 'Number of trees that nobody reads any more.'),
  gauge('oisp_debug_pending_spans', '{spans}', 'Spans that wait for their roots.'),
];

/** Every number that this program can report. Names that begin with `otelcol_` are the Go Collector's. */
export const METRICS: readonly Metric[] = [
  ...GRAPH,
  ...EXPORT,
  ...EBPF,
  ...JSONL,
  ...DECODE,
  ...ENRICH,
  ...REDACT,
  ...CORRELATE,
  ...DEBUG,
];
