import type { ConfigSchema } from '../../core/index.ts';

export const schema = {
  type: 'object',
  properties: {
    verbosity: {
      type: 'string',
      enum: ['basic', 'normal', 'detailed'],
      default: 'normal',
      description:
        '`basic`: names, durations and errors; `normal`: also tokens, results, paths and hosts; `detailed`: also evidence and ids.',
    },
    format: {
      type: 'string',
      enum: ['tree', 'lines'],
      default: 'tree',
      description: '`tree` prints a trace when its root has ended; `lines` prints each span when it ends.',
    },
    color: {
      type: 'string',
      enum: ['auto', 'always', 'never'],
      default: 'auto',
      description: '`auto` colours on a terminal unless NO_COLOR is set.',
    },
    max_pending_spans: {
      type: 'integer',
      minimum: 1,
      default: 10_000,
      description: 'Spans that may wait for their roots. Beyond it the oldest trace is no longer shown whole.',
    },
  },
} as const satisfies ConfigSchema;
