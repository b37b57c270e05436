import type { ConfigProblem } from '../component.ts';
import type { ConfigOf, ObjectSchema } from '../config/schema.ts';

/** Longest time of one try; the Collector's `timeout`. */
export const TIMEOUT = {
  type: 'string',
  format: 'duration',
  default: '5s',
  description: 'Longest time of one try; 0s: no limit.',
} as const;

/** The Collector's `retry_on_failure` with its defaults. */
export const RETRY_ON_FAILURE = {
  type: 'object',
  description: 'Waiting between tries after errors that may pass (429, 502, 503, 504, no connection, timeout).',
  properties: {
    enabled: { type: 'boolean', default: true, description: 'Try again after such errors.' },
    initial_interval: { type: 'string', format: 'duration', default: '5s', description: 'Wait after the first try.' },
    randomization_factor: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'Each wait is taken at random from `interval * (1 ± factor)`.',
    },
    multiplier: { type: 'number', minimum: 1, default: 1.5, description: 'Growth of the wait from try to try.' },
    max_interval: { type: 'string', format: 'duration', default: '30s', description: 'Upper bound of the wait.' },
    max_elapsed_time: {
      type: 'string',
      format: 'duration',
      default: '5m',
      description: 'After this time the data is dropped and counted; 0s: never given up.',
    },
  },
} as const satisfies ObjectSchema;

/**
 * The Collector's `sending_queue`. Two defaults are our own: `sizer: bytes` (span batches are small, 1,000 requests could be 1,000 spans) and
 * `block_on_overflow: true`: awaiting an exporter is the backpressure of this program, so a full queue slows a file that is replayed down, and
 * a live source drops and counts where the data begins. With `false` the sender gets a RetryableError and has to try again itself.
 */
export const SENDING_QUEUE = {
  type: 'object',
  description: 'Queue between the pipeline and the network. What is being sent counts as queued.',
  properties: {
    enabled: { type: 'boolean', default: true, description: 'Without a queue the pipeline waits for every answer.' },
    num_consumers: { type: 'integer', minimum: 1, default: 10, description: 'Requests at the same time.' },
    queue_size: {
      type: 'string',
      format: 'size',
      default: '64MiB',
      description: 'Most that is kept, in units of `sizer`. One batch larger than this is let in alone.',
    },
    sizer: {
      type: 'string',
      enum: ['bytes', 'items', 'requests'],
      default: 'bytes',
      description: 'What `queue_size` counts: encoded bytes, spans or log records, or batches.',
    },
    block_on_overflow: {
      type: 'boolean',
      default: true,
      description: 'When full: make the pipeline wait (`true`) or refuse the batch with a retryable error (`false`).',
    },
    wait_for_result: {
      type: 'boolean',
      default: false,
      description: 'The pipeline waits until its data is delivered.',
    },
    storage: { type: 'string', enum: ['none'], default: 'none', description: 'Where the queue is kept: in memory.' },
    batch: {
      type: 'object',
      description: 'Small batches are sent together, by encoded bytes.',
      properties: {
        enabled: { type: 'boolean', default: true, description: 'Join batches.' },
        min_size: { type: 'string', format: 'size', default: '1MiB', description: 'Sent at once from this size on.' },
        max_size: { type: 'string', format: 'size', default: '1MiB', description: 'Upper bound; 0: none.' },
        flush_timeout: {
          type: 'string',
          format: 'duration',
          default: '200ms',
          description: 'A smaller batch is sent after this time.',
        },
      },
    },
  },
} as const satisfies ObjectSchema;

/** The Collector's client side of `tls`. */
export const TLS_CLIENT = {
  type: 'object',
  description: 'TLS of https endpoints.',
  properties: {
    insecure_skip_verify: { type: 'boolean', default: false, description: 'Accept any certificate.' },
    ca_file: {
      type: 'string',
      format: 'path',
      description: 'Certificates to trust in place of the built-in ones (PEM).',
    },
    cert_file: { type: 'string', format: 'path', description: 'Client certificate (PEM); needs `key_file`.' },
    key_file: { type: 'string', format: 'path', description: 'Key of the client certificate (PEM).' },
    server_name_override: { type: 'string', description: 'Name to ask for and to check, in place of the host.' },
    min_version: { type: 'string', enum: ['1.2', '1.3'], default: '1.2', description: 'Oldest TLS version.' },
  },
} as const satisfies ObjectSchema;

/** Request headers; the values are secrets and never printed. */
export const HEADERS = {
  type: 'object',
  additionalProperties: { type: 'string', format: 'opaque' },
  default: {},
  description: 'Further request headers.',
} as const;

export type RetryConfig = ConfigOf<typeof RETRY_ON_FAILURE>;
export type QueueConfig = ConfigOf<typeof SENDING_QUEUE>;
export type TlsClientConfig = ConfigOf<typeof TLS_CLIENT>;

/** The blocks that an exporter with a queue has at the top of its config. */
export interface DeliveryConfig {
  readonly timeout: number;
  readonly retry_on_failure: RetryConfig;
  readonly sending_queue: QueueConfig;
}

const DEFAULT_BYTES = 64 * 1024 * 1024;

/** What the schema cannot say about the three blocks. Call from a definition's `check`. */
export function checkDelivery(config: DeliveryConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { retry_on_failure: retry, sending_queue: queue } = config;
  const say = (path: readonly string[], message: string, hint: string): void => {
    problems.push({ path, message, hint });
  };
  for (const key of ['initial_interval', 'max_interval', 'max_elapsed_time'] as const) {
    if (retry[key] < 0) say(['retry_on_failure', key], 'must not be negative', 'write 5s');
  }
  if (config.timeout < 0) say(['timeout'], 'must not be negative', 'write 5s, or 0s for no limit');
  const elapsed = retry.max_elapsed_time;
  if (elapsed > 0 && (elapsed < retry.initial_interval || elapsed < retry.max_interval)) {
    const hint = 'raise it, or write 0s to never give up';
    say(['retry_on_failure', 'max_elapsed_time'], 'is less than initial_interval or max_interval', hint);
  }
  if (queue.queue_size <= 0) say(['sending_queue', 'queue_size'], 'must be greater than zero', 'write 64MiB');
  if (queue.sizer !== 'bytes' && queue.queue_size === DEFAULT_BYTES) {
    say(['sending_queue', 'queue_size'], `counts ${queue.sizer}, and 64 Mi of them do not fit in memory`, 'write 1000');
  }
  const { min_size, max_size, enabled } = queue.batch;
  if (enabled && max_size > 0 && max_size < min_size) {
    say(['sending_queue', 'batch', 'max_size'], 'is less than min_size', 'make both equal');
  }
  return problems;
}
