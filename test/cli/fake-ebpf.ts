import type { loadRegistry as loadShipped } from '../../cli/registry.ts';
import { type ConfigOf, type ConfigSchema, defineReceiver, type Registry } from '../../core/index.ts';

const schema = {
  type: 'object',
  properties: {
    scope: { type: 'string', enum: ['tree', 'registry', 'machine'], default: 'registry' },
    children: { type: 'boolean', default: false },
    pids: { type: 'array', items: { type: 'integer' }, default: [] },
    comms: { type: 'array', items: { type: 'string' }, default: [] },
    binary_path: { type: 'array', items: { type: 'string' }, default: [] },
  },
} as const satisfies ConfigSchema;

/** Configs of the receivers that were started. */
export const started: ConfigOf<typeof schema>[] = [];

/** A receiver that captures nothing, on every machine. */
const fakeEbpf = defineReceiver({
  type: 'ebpf',
  summary: 'Captures nothing.',
  stability: 'alpha',
  schema,
  emits: ['capture', 'events'],
  create: (_context, config) => ({
    start: async (host) => {
      // the config was decoded by this schema
      started.push(config as ConfigOf<typeof schema>);
      host.finished();
    },
    shutdown: async () => {},
  }),
});

/** Every component that ships with the program, with that receiver in the place of the real one. */
export async function loadWithFake(load: typeof loadShipped): Promise<Registry> {
  const registry = await load();
  return { ...registry, receivers: [...registry.receivers.filter(({ type }) => type !== 'ebpf'), fakeEbpf] };
}
