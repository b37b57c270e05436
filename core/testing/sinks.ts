import { type Batch, sizeOf } from '../batch.ts';
import type { Consumer } from '../component.ts';
import type { OispEvent } from '../event/types.ts';
import type { SpanRecord } from '../otel/span.ts';

/** Keeps every batch it is handed. */
export class CollectingSink implements Consumer {
  readonly batches: Batch[] = [];

  consume(batch: Batch): Promise<void> {
    this.batches.push(batch);
    return Promise.resolve();
  }

  get events(): OispEvent[] {
    return this.batches.flatMap((batch) => (batch.signal === 'events' ? batch.events : []));
  }

  get spans(): SpanRecord[] {
    return this.batches.flatMap((batch) => (batch.signal === 'spans' ? batch.spans : []));
  }

  /** Events and spans together. */
  get items(): number {
    return this.batches.reduce((total, batch) => total + sizeOf(batch), 0);
  }
}

/** Answers its calls by a script: an error is thrown, `undefined` takes the batch. After the script it takes everything. */
export class ScriptedSink extends CollectingSink {
  readonly #script: (Error | undefined)[];
  /** Calls of `consume`, failed ones too. */
  calls = 0;

  constructor(script: readonly (Error | undefined)[]) {
    super();
    this.#script = [...script];
  }

  override consume(batch: Batch): Promise<void> {
    this.calls++;
    const error = this.#script.shift();
    return error ? Promise.reject(error) : super.consume(batch);
  }
}
