import type { Clock } from '../clock.ts';
import type { Component, Host, Kind } from '../component.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

/** A component and how texts call it. */
export interface Member {
  readonly kind: Kind;
  /** `type/name`. */
  readonly id: string;
  readonly component: Component;
}

/** What a set of running components tells its owner. */
export interface LifecycleOptions {
  /** Extensions in their order, then the graph in topological order: receivers first, exporters last. */
  readonly extensions: readonly Member[];
  readonly members: readonly Member[];
  readonly log: Log;
  readonly clock: Clock;
  /** The work of a component cannot go on. */
  readonly onFatal: (member: Member, error: unknown) => void;
  /** Every receiver has read all its input. */
  readonly onFinished: () => void;
}

/** Time that a component gets after the deadline before the next one's turn comes. */
const GRACE_MS = 500;

/** Starts components downstream first and stops them upstream first. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #started: Member[] = [];
  readonly #open: Set<Member>;
  #stopping: boolean = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#open = new Set(options.members.filter((member) => member.kind === 'receiver'));
  }

  /**
   * Extensions, then exporters up to receivers. When one fails, those that were started are shut down and the error names the component,
   * as the Collector does. `deadline` is called when that shutdown begins.
   */
  async start(deadline: () => AbortSignal): Promise<void> {
    const { extensions, members } = this.#options;
    for (const member of [...extensions, ...[...members].reverse()]) {
      try {
        // listed before its start: a component that failed half-way is shut down too
        this.#started.push(member);
        await member.component.start(this.#hostOf(member));
      } catch (error) {
        const what = member.kind === 'extension' ? 'extensions' : 'pipelines';
        const message = `cannot start ${what}: failed to start "${member.id}" ${member.kind}: ${messageOf(error)}`;
        await this.shutdown(deadline());
        throw new Error(message, { cause: error });
      }
    }
  }

  /**
   * Receivers at the same time, then processors and connectors one after the other, then exporters at the same time, extensions last. A
   * component that hangs past the deadline is left behind; one that throws does not keep the rest from stopping.
   */
  async shutdown(deadline: AbortSignal): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { extensions, members } = this.#options;
    const started = new Set(this.#started);
    const of = (list: readonly Member[], test: (kind: Kind) => boolean): Member[] =>
      list.filter((member) => started.has(member) && test(member.kind));
    const together = async (list: readonly Member[]): Promise<void> => {
      await Promise.all(list.map((member) => this.#stop(member, deadline)));
    };
    await together(of(members, (kind) => kind === 'receiver'));
    for (const member of of(members, (kind) => kind === 'processor' || kind === 'connector')) {
      await this.#stop(member, deadline);
    }
    await together(of(members, (kind) => kind === 'exporter'));
    for (const member of of(extensions, () => true).reverse()) await this.#stop(member, deadline);
  }

  #hostOf(member: Member): Host {
    return {
      fatal: (error) => {
        if (!this.#stopping) this.#options.onFatal(member, error);
      },
      finished: () => {
        if (!this.#open.delete(member) || this.#open.size > 0 || this.#stopping) return;
        this.#options.onFinished();
      },
    };
  }

  async #stop(member: Member, deadline: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    const fields = { 'otelcol.component.id': member.id, 'otelcol.component.kind': member.kind };
    const late = new AbortController();
    const giveUp = whenAborted(deadline, late.signal)
      .then(() => clock.sleep(GRACE_MS, late.signal))
      .then(
        () => 'late' as const,
        () => 'in time' as const,
      );
    const done = member.component.shutdown(deadline).then(() => 'in time' as const);
    try {
      if ((await Promise.race([done, giveUp])) === 'late') {
        done.catch(() => {}); // it was left behind; what it says later has no reader
        log.error('Component did not stop before the deadline.', fields);
      }
    } catch (error) {
      log.error('Component failed to shut down.', { ...fields, error: messageOf(error) });
    } finally {
      late.abort();
    }
  }
}

/** Resolves when `signal` aborts; rejects when `unless` does first. */
function whenAborted(signal: AbortSignal, unless: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    const onAbort = (): void => resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    unless.addEventListener(
      'abort',
      () => {
        signal.removeEventListener('abort', onAbort);
        reject(unless.reason);
      },
      { once: true },
    );
  });
}
