import type { ConfigOf, ConfigSchema } from '../../core/index.ts';

export const schema = {
  type: 'object',
  properties: {
    include: {
      type: 'array',
      items: { type: 'string', format: 'path', minLength: 1 },
      default: [],
      description: 'Files to read: paths, or patterns with `*`, `**`, `?`, `[a-z]` and `{a,b}`. Read in sorted order.',
    },
    path: { type: 'string', format: 'path', minLength: 1, description: 'Short for an `include` of one.' },
    exclude: {
      type: 'array',
      items: { type: 'string', format: 'path' },
      default: [],
      description: 'Patterns of files to leave out.',
    },
    mode: {
      type: 'string',
      enum: ['replay', 'follow'],
      default: 'replay',
      description: '`replay` reads to the end and is done; `follow` waits for more, through rotation and truncation.',
    },
    speed: {
      type: 'number',
      minimum: 0,
      default: 0,
      description: 'Replay at this multiple of the recorded pace, by `ts`; 0: as fast as possible.',
    },
    max_gap: {
      type: 'string',
      format: 'duration',
      default: '10s',
      description: 'The longest wait between two events when `speed` is set.',
    },
    start_at: {
      type: 'string',
      enum: ['beginning', 'end'],
      description:
        'Follow: where to begin in files that are there at the start and not in the checkpoint; `end` if not set. Later files, and new ones under a path of the checkpoint, are read whole.',
    },
    poll_interval: {
      type: 'string',
      format: 'duration',
      default: '250ms',
      description: 'Follow: how often to look for more.',
    },
    checkpoint: {
      type: 'string',
      format: 'path',
      minLength: 1,
      description:
        'A file that keeps how far the input was delivered, so that a restart goes on there. Its folder must exist.',
    },
    max_line_size: {
      type: 'string',
      format: 'size',
      default: '16MiB',
      description: 'Longer lines are left out and counted.',
    },
    batch_size: { type: 'integer', minimum: 1, maximum: 65_536, default: 256, description: 'Events per batch.' },
    batch_bytes: {
      type: 'string',
      format: 'size',
      default: '1MiB',
      description: 'Bytes of lines after which a batch is full.',
    },
    validate: {
      type: 'string',
      enum: ['border', 'off'],
      default: 'border',
      description:
        '`border` checks the fields that later stages lean on; `off` is only for files that this program wrote.',
    },
  },
} as const satisfies ConfigSchema;

export type Config = ConfigOf<typeof schema>;
