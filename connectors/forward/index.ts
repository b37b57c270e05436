import { type Batch, type ConfigSchema, type Connector, type Consumer, defineConnector } from '../../core/index.ts';

const schema = { type: 'object', properties: {} } as const satisfies ConfigSchema;

/** Hands on what it takes, as it is: all work is done when `consume` of what is below resolves. */
class Forward implements Connector {
  readonly #next: Consumer;

  constructor(next: Consumer) {
    this.#next = next;
  }

  consume(batch: Batch): Promise<void> {
    return this.#next.consume(batch);
  }

  async start(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

export const forwardConnector = defineConnector({
  type: 'forward',
  summary: 'Joins pipelines: what arrives at the end of one goes into another as it is.',
  stability: 'beta',
  schema,
  joins: () => true,
  create: (_context, _config, next) => new Forward(next),
});
