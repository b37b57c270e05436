import type { Registry } from '../core/index.ts';

/** Every component that ships with the program. Loaded when a command needs it: help and usage errors do not. */
export async function loadRegistry(): Promise<Registry> {
  const [{ receivers }, { processors }, { exporters }, { connectors }] = await Promise.all([
    import('../receivers/index.ts'),
    import('../processors/index.ts'),
    import('../exporters/index.ts'),
    import('../connectors/index.ts'),
  ]);
  return { receivers, processors, exporters, connectors, extensions: [] };
}
