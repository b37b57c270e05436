import { type ConfigOf, type ConfigSchema, PROVIDER_KEYS } from '../../core/index.ts';

export const schema = {
  type: 'object',
  properties: {
    scope: {
      type: 'string',
      enum: ['tree', 'registry', 'machine'],
      default: 'registry',
      description:
        '`tree`: the processes named by `pids`, `comms` and `children`, and their descendants; `registry`: known AI applications and their descendants; `machine`: every process.',
    },
    children: {
      type: 'boolean',
      default: false,
      description: 'Processes that the collector itself starts (`oisp-collector run`), and their descendants.',
    },
    pids: {
      type: 'array',
      items: { type: 'integer', minimum: 1 },
      default: [],
      description: 'Running processes, with their descendants.',
    },
    comms: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: [],
      description: "Processes by the kernel's name or the file name of their program, with their descendants.",
    },
    binary_path: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: [],
      description:
        "Programs and libraries to probe from the start, beside those that are known: paths or patterns; `~` is the invoking user's home.",
    },
    known_files: {
      type: 'boolean',
      default: true,
      description: "Probe the system's TLS library, the `node` of the PATH and known agents from the start.",
    },
    probe: {
      type: 'object',
      description: 'Which files may be probed at all.',
      properties: {
        include: {
          type: 'array',
          items: { type: 'string', format: 'path', minLength: 1 },
          default: [],
          description: 'If set, only files that match one of these patterns are probed.',
        },
        exclude: {
          type: 'array',
          items: { type: 'string', format: 'path', minLength: 1 },
          default: [],
          description: 'Files that are never probed.',
        },
      },
    },
    pid_namespace: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description:
        'Inode number of a pid namespace (`stat -Lc %i /proc/PID/ns/pid`): only its processes are seen. 0: all.',
    },
    ring_size: {
      type: 'string',
      format: 'size',
      default: '32MiB',
      description: 'Memory between the kernel and the collector; a power of two.',
    },
    drain_interval: {
      type: 'string',
      format: 'duration',
      default: '5ms',
      description: 'How often the ring is emptied.',
    },
    max_ahead: {
      type: 'string',
      format: 'size',
      default: '64MiB',
      description:
        'Bytes out of the ring that may wait for the pipeline; beyond that the ring holds them, and is full some day.',
    },
    max_call: {
      type: 'string',
      format: 'size',
      default: '16MiB',
      description: 'Plaintext of one read or write that is captured; the rest is counted.',
    },
    unknown_bytes: {
      type: 'string',
      format: 'size',
      default: '4KiB',
      description:
        'Plaintext per direction that leaves the kernel before a connection is known to be one to an AI model.',
    },
    unknown_request: {
      type: 'string',
      format: 'size',
      default: '4MiB',
      description:
        'The same for connections that begin like a request with a body (`POST`, HTTP/2): the first request of a host that nobody knows would be cut otherwise.',
    },
    bind_timeout: {
      type: 'string',
      format: 'duration',
      default: '300ms',
      description: "How long a connection's first bytes wait for its remote address.",
    },
    files: {
      type: 'boolean',
      default: true,
      description: 'Files that observed processes read, write, rename and remove.',
    },
    ...PROVIDER_KEYS,
  },
} as const satisfies ConfigSchema;

export type Config = ConfigOf<typeof schema>;
