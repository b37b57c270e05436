import type { ConfigSchema } from '../../core/index.ts';

export const schema = {
  type: 'object',
  properties: {
    host: {
      type: 'boolean',
      default: true,
      description: 'Whether live events without a host get this machine as theirs.',
    },
    user: {
      type: 'boolean',
      default: true,
      description: 'Whether live events get uid, gid and user name of their process, where they carry its uid.',
    },
    process_tree: {
      type: 'boolean',
      default: true,
      description: 'Whether events get the parent and the ancestors of their process.',
    },
    app: {
      type: 'boolean',
      default: true,
      description: 'Whether events of known agent programs get the application.',
    },
    max_processes: {
      type: 'integer',
      minimum: 1,
      default: 65536,
      description: 'Processes known at a time; the ones that were silent for longest are let go first.',
    },
  },
} as const satisfies ConfigSchema;
