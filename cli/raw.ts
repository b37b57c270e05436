import { type Batch, type Consumer, defineProcessor, type Processor, type Registry } from '../core/index.ts';

/** Hands on what it gets. */
class KeepSecrets implements Processor {
  readonly #next: Consumer;

  constructor(next: Consumer) {
    this.#next = next;
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: Batch): Promise<void> {
    return this.#next.consume(batch);
  }
}

/**
 * Stands where `redact` would and takes nothing out: the leave to write secrets. Only `record --raw` knows it, so that no config file can
 * have it. What it hands on is said to be events: these records are meant to end undecoded.
 */
const keepSecrets = defineProcessor({
  type: 'keep_secrets',
  summary: 'Hands on events with their secrets.',
  stability: 'alpha',
  schema: { type: 'object', properties: {} },
  redacts: true,
  flow: () => new Set(['events']),
  create: (_context, _config, next) => new KeepSecrets(next),
});

/** The registry with what `RAW` needs. */
export function withSecrets(registry: Registry): Registry {
  return { ...registry, processors: [...registry.processors, keepSecrets] };
}

/** Over configs/record.yaml: the records of the receiver as they are, with what only this machine knows. */
export const RAW = {
  processors: { 'enrich/machine': { process_tree: false, app: false }, keep_secrets: null },
  service: { pipelines: { logs: { processors: ['enrich/machine', 'keep_secrets'] } } },
};
