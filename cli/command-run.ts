import type { Clock, Service } from '../core/index.ts';
import type { Child } from './child.ts';
import { EXIT, type Io, type SignalName } from './io.ts';
import type { Beside } from './serve.ts';

/** How long what the command did last may take to arrive. */
const GRACE_MS = 300;
/** Exit codes of shells for what a signal ended. */
const CODES: Readonly<Record<SignalName, number>> = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

/** How a command is run. */
export interface CommandOptions {
  readonly start: () => Child;
  readonly clock: Clock;
  readonly io: Pick<Io, 'onSignal' | 'exit'>;
  /** The command has the terminal from `began` to `ended`. */
  readonly began: () => void;
  readonly ended: () => void;
}

/**
 * A command beside a service, which starts before it and stops a moment after it. SIGINT and SIGQUIT are the command's: a terminal sends them to
 * it as well. SIGTERM and SIGHUP are passed on; the second SIGTERM ends this process. Before the command starts any of them keeps it from
 * starting, after its end the first cuts the moment short and the second ends this process.
 */
export class CommandRun implements Beside {
  readonly #options: CommandOptions;
  readonly #hurry = new AbortController();
  #phase: 'before' | 'during' | 'after' = 'before';
  #child: Child | undefined;
  #signals = 0;
  /** The exit code of the command, once there is one. */
  #code: Promise<number> | undefined;
  #refused: SignalName | undefined;

  constructor(options: CommandOptions) {
    this.#options = options;
  }

  listen(service: Service): () => void {
    const names: readonly SignalName[] = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'];
    const handlers = names.map((name) => this.#options.io.onSignal(name, () => this.#onSignal(name, service)));
    return () => {
      for (const off of handlers) off();
    };
  }

  begin(service: Service): void {
    if (this.#refused !== undefined) return;
    const { start, began } = this.#options;
    this.#phase = 'during';
    began();
    this.#child = start();
    this.#code = this.#finish(this.#child, service);
    this.#code.catch(() => undefined); // `code` hands it on, maybe later
  }

  /** The exit code of the command; of the signal that kept it from starting. Rejects with CommandError when it could not be started. */
  code(): Promise<number> {
    return this.#code ?? Promise.resolve(CODES[this.#refused ?? 'SIGTERM']);
  }

  /** Resolves when the command has ended: until then its signals are dealt with. */
  async done(): Promise<void> {
    await this.#code?.catch(() => undefined); // `code` hands it on
  }

  async #finish(child: Child, service: Service): Promise<number> {
    const { ended, clock } = this.#options;
    try {
      return await child.ended;
    } finally {
      this.#phase = 'after';
      this.#signals = 0;
      ended();
      await clock.sleep(GRACE_MS, this.#hurry.signal).catch(() => undefined); // a signal: no time is left
      service.stop();
    }
  }

  #onSignal(name: SignalName, service: Service): void {
    const isLeft = name === 'SIGINT' || name === 'SIGQUIT';
    if (this.#phase === 'during' && isLeft) return;
    if (this.#phase !== 'during' || name === 'SIGTERM') this.#signals++;
    if (this.#signals > 1) this.#options.io.exit(EXIT.forced);
    if (this.#phase === 'during') {
      this.#child?.kill(name);
      return;
    }
    if (this.#phase === 'before') this.#refused = name;
    this.#hurry.abort();
    service.stop();
  }
}
