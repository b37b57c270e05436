import type { Batch, ConfigOf, Consumer, Context, EventsBatch, Host, OispEvent, Processor } from '../../core/index.ts';
import { enrich, type Sources } from './enricher.ts';
import { hostOf, type Machine, usersOf } from './machine.ts';
import { ProcessTree } from './process-tree.ts';
import type { schema } from './schema.ts';

type Config = ConfigOf<typeof schema>;

/** Hands on events with what was missing in them and is known here. Waits for nothing. */
export class EnrichProcessor implements Processor {
  readonly #context: Context;
  readonly #config: Config;
  readonly #next: Consumer;
  readonly #machine: Machine;
  /** What was made of a batch, for whoever hands it over again: its processes are not told twice. */
  readonly #made = new WeakMap<EventsBatch, EventsBatch>();
  #sources: Sources;

  constructor(context: Context, config: Config, next: Consumer, machine: Machine) {
    this.#context = context;
    this.#config = config;
    this.#next = next;
    this.#machine = machine;
    this.#sources = {
      host: undefined,
      users: undefined,
      tree: config.process_tree || config.app ? this.#tree() : undefined,
      fillsProcess: config.process_tree,
      fillsApp: config.app,
    };
  }

  async start(_host: Host): Promise<void> {
    const { host: fillsHost, user: fillsUser } = this.#config;
    const host = fillsHost ? await hostOf(this.#machine) : undefined;
    const passwd = fillsUser ? await this.#machine.readText('/etc/passwd') : undefined;
    const missing = [
      ...(host !== undefined && host.device_id === undefined ? ['/etc/machine-id'] : []),
      ...(host !== undefined && host.boot_id === undefined ? ['boot_id'] : []),
      ...(fillsUser && passwd === undefined ? ['/etc/passwd'] : []),
    ];
    if (missing.length > 0) this.#context.log.info('Some facts about this machine are not known.', { missing });
    this.#sources = { ...this.#sources, host, users: fillsUser ? usersOf(passwd ?? '') : undefined };
  }

  async shutdown(): Promise<void> {}

  consume(batch: Batch): Promise<void> {
    return this.#next.consume(batch.signal === 'events' ? this.#enriched(batch) : batch);
  }

  #enriched(batch: EventsBatch): EventsBatch {
    let made = this.#made.get(batch);
    if (made === undefined) {
      made = this.#make(batch);
      this.#made.set(batch, made);
    }
    return made;
  }

  #make(batch: EventsBatch): EventsBatch {
    const isLive = batch.live === true;
    let events: OispEvent[] | undefined;
    for (const [i, event] of batch.events.entries()) {
      const out = enrich(event, isLive, this.#sources);
      if (out !== event) events ??= batch.events.slice(0, i);
      events?.push(out);
    }
    return events === undefined ? batch : { ...batch, events };
  }

  #tree(): ProcessTree {
    const { log, meter, id } = this.#context;
    const evicted = meter.counter('oisp_enrich_evicted_processes', { processor: id });
    const tree = new ProcessTree(this.#config.max_processes, () => {
      if (evicted.value === 0)
        log.warn('More processes than max_processes, letting go of those that were silent for longest.', {
          max_processes: this.#config.max_processes,
        });
      evicted.add();
    });
    meter.gauge('oisp_enrich_processes', { processor: id }, () => tree.size);
    return tree;
  }
}
