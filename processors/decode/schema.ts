import { type ConfigSchema, PROVIDER_KEYS } from '../../core/index.ts';

export const schema = {
  type: 'object',
  properties: {
    reorder_window: {
      type: 'string',
      format: 'duration',
      default: '2s',
      description: 'How long, in the time of the records, one that is missing is waited for before it counts as lost.',
    },
    max_body_size: {
      type: 'string',
      format: 'size',
      default: '16MiB',
      description: 'Bytes of one body after decompression; what is beyond is cut off and the event marked partial.',
    },
    max_connection_size: {
      type: 'string',
      format: 'size',
      default: '64MiB',
      description:
        'Bytes held for one connection; when it holds more, what is open on it is emitted as partial and let go.',
    },
    max_total_size: {
      type: 'string',
      format: 'size',
      default: '256MiB',
      description:
        'Bytes held for all connections; when they hold more, the one that was silent for longest is let go first.',
    },
    max_connections: {
      type: 'integer',
      minimum: 1,
      default: 10000,
      description: 'Connections known at a time; the ones that were silent for longest are let go first.',
    },
    ...PROVIDER_KEYS,
    cost: {
      type: 'boolean',
      default: true,
      description: 'Whether answers carry what they cost, where the price of the model is known.',
    },
    hash_key: {
      type: 'string',
      format: 'opaque',
      description:
        'Key of the hashes that stand for credentials, at least 16 characters. Without it each start makes a new one.',
    },
    streaming_chunks: {
      type: 'boolean',
      default: false,
      description: 'Whether each piece of a streamed answer is an event too (ai.streaming_chunk).',
    },
    embedding_events: {
      type: 'boolean',
      default: false,
      description: 'Whether each embedding call is one event (ai.embedding) beside its request and its answer.',
    },
  },
} as const satisfies ConfigSchema;
