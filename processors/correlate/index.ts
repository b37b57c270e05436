import { defineProcessor, type Flow } from '../../core/index.ts';
import { Correlate } from './correlate.ts';
import { problemsOf } from './limits.ts';

const schema = {
  type: 'object',
  properties: {
    reorder_window: {
      type: 'string',
      format: 'duration',
      default: '2s',
      description: 'How far events may overtake one another; nothing is decided before the window has passed.',
    },
    idle_timeout: {
      type: 'string',
      format: 'duration',
      default: '30m',
      description: 'A turn that was silent for so long is closed.',
    },
    side_call_wait: {
      type: 'string',
      format: 'duration',
      default: '10s',
      description: 'How long a call beside the conversation (title, quota) waits for a turn that it belongs to.',
    },
    max_spans_per_trace: {
      type: 'integer',
      minimum: 10,
      default: 2000,
      description: 'A turn goes on in a linked trace beyond so many spans.',
    },
    max_bytes_per_trace: {
      type: 'string',
      format: 'size',
      default: '3MB',
      description: 'The same for the size of its spans.',
    },
    max_turn_duration: {
      type: 'string',
      format: 'duration',
      default: '30m',
      description: 'The same for its duration.',
    },
    max_effects_per_tool: {
      type: 'integer',
      minimum: 1,
      default: 64,
      description:
        'Spans of one kind (process, file, network) below one tool; equal siblings beyond are folded into one with oisp.count.',
    },
    max_conversations: {
      type: 'integer',
      minimum: 1,
      default: 100000,
      description: 'Conversations kept per host; the ones silent longest are let go.',
    },
    max_processes: { type: 'integer', minimum: 100, default: 200000, description: 'Processes kept per host.' },
    content: {
      type: 'object',
      description: 'Prompts, answers, arguments and results on spans, as far as redact left them.',
      properties: {
        mode: {
          type: 'string',
          enum: ['off', 'span', 'event', 'both'],
          default: 'span',
          description:
            'Where content goes: on spans, on log records `gen_ai.client.inference.operation.details` of model calls, on both, or nowhere.',
        },
        preset: {
          type: 'string',
          enum: ['jaeger', 'tempo', 'langfuse'],
          default: 'jaeger',
          description:
            'The backend that spans are shaped for. tempo: below its limit of 2,048 bytes an attribute; langfuse: with `langfuse.*` attributes.',
        },
        input_messages: {
          type: 'string',
          enum: ['delta', 'full'],
          default: 'delta',
          description: 'Messages that the conversation had not sent before, or all.',
        },
        max_attribute_bytes: {
          type: 'string',
          format: 'size',
          description:
            'Longer texts of spans are shortened; JSON stays valid. At least 512B. Unset: 16KiB, and 2000B with the preset `tempo`.',
        },
      },
    },
    span_names: {
      type: 'string',
      enum: ['low_cardinality', 'readable'],
      default: 'low_cardinality',
      description: 'readable puts the file or host into the names of effect spans.',
    },
    trace_context: {
      type: 'string',
      enum: ['link', 'parent', 'ignore'],
      default: 'link',
      description:
        'What a `traceparent` in captured traffic does: a link to the span of the application, the turn moves below that span into its trace, or nothing.',
    },
    semconv: {
      type: 'string',
      enum: ['1.41', 'genai-next', 'dup'],
      default: '1.41',
      description:
        'Names of attributes: OpenTelemetry semantic conventions 1.41, those that develop apart since 1.42, or both.',
    },
    service_namespace: { type: 'string', default: 'oisp', description: 'service.namespace of all resources.' },
  },
} as const;

/** Tempo cuts texts at 2,048 bytes, wherever that falls (`distributor.max_attribute_bytes`). */
const DEFAULT_BYTES = { jaeger: 16 * 1024, tempo: 2000, langfuse: 16 * 1024 } as const;

export const correlateProcessor = defineProcessor({
  type: 'correlate',
  summary: 'Joins events into one span tree per agent turn.',
  stability: 'alpha',
  schema,
  check: problemsOf,
  flow: (incoming) => new Set<Flow>(incoming.has('events') ? ['events', 'spans'] : []),
  create: (context, config, next) =>
    new Correlate(context, next, {
      windowNs: config.reorder_window * 1e6,
      idleNs: config.idle_timeout * 1e6,
      sideWaitNs: config.side_call_wait * 1e6,
      maxSpans: config.max_spans_per_trace,
      maxBytes: config.max_bytes_per_trace,
      maxTurnNs: config.max_turn_duration * 1e6,
      maxPerTool: config.max_effects_per_tool,
      maxConversations: config.max_conversations,
      maxProcesses: config.max_processes,
      serviceNamespace: config.service_namespace,
      mode: config.content.mode,
      inputMessages: config.content.input_messages,
      maxAttributeBytes: config.content.max_attribute_bytes ?? DEFAULT_BYTES[config.content.preset],
      preset: config.content.preset,
      traceContext: config.trace_context,
      semconv: config.semconv,
      names: config.span_names,
    }),
});
