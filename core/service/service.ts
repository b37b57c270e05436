import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock.ts';
import type { BuildInfo } from '../component.ts';
import type { ConfigOf, ConfigSchema } from '../config/schema.ts';
import type { Problem, ServiceConfig } from '../config/types.ts';
import { messageOf } from '../errors.ts';
import type { Matcher } from '../event/match.ts';
import { type BuildOptions, type BuiltNode, build, contextOf } from '../graph/build.ts';
import { checkFlow } from '../graph/flow.ts';
import { Lifecycle, type Member } from '../graph/lifecycle.ts';
import { type Plan, plan } from '../graph/plan.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { formatSample, type Summary, summarize } from '../telemetry/report.ts';

/** What a service is made with. */
export interface ServiceOptions {
  /** A log as the config's `service::telemetry::logs` wants it. */
  readonly createLog: (config: ServiceConfig) => Log;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly random: () => number;
  readonly matcher: Matcher;
  readonly build: BuildInfo;
  /** Reads the config again for a reload; undefined when it is wrong, which it has then told the user. */
  readonly loadAgain?: (log: Log) => Promise<ServiceConfig | undefined>;
  /** Freeze every batch on every edge: for tests. */
  readonly freeze?: boolean;
}

/** How a service ended. */
export interface RunOutcome {
  /** 0 done, 1 a component failed, 3 stopped with loss. */
  readonly code: 0 | 1 | 3;
  readonly summary: Summary;
}

/** Plan and flow check together: everything about a decoded config that can be said before anything is made. */
export function checkGraph(config: ServiceConfig): { readonly plan?: Plan; readonly problems: readonly Problem[] } {
  const planned = plan(config);
  if (!planned.plan) return { problems: planned.problems };
  const problems = [...planned.problems, ...checkFlow(planned.plan, config.pipelines)];
  return problems.some((problem) => problem.severity === 'error') ? { problems } : { plan: planned.plan, problems };
}

interface Running {
  readonly config: ServiceConfig;
  readonly nodes: readonly BuiltNode[];
  readonly lifecycle: Lifecycle;
  readonly stop: AbortController;
  readonly log: Log;
}

/** A configured collector: starts, reloads and stops as one. */
export class Service {
  readonly #options: ServiceOptions;
  #running: Running | undefined;
  #ended: ((fatal: boolean) => void) | undefined;
  readonly #end: Promise<boolean>;
  #reloading: Promise<void> | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#end = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  /** Starts every component. Throws when the graph is wrong or a component cannot start; nothing is left running then. */
  async start(config: ServiceConfig): Promise<void> {
    this.#running = await this.#launch(config);
    this.#running.log.info('Everything is ready. Begin running and processing data.');
  }

  /** Resolves after the shutdown that follows `stop`, the end of all input or the failure of a component. */
  async finished(): Promise<RunOutcome> {
    const fatal = await this.#end;
    await this.#reloading;
    const running = this.#running;
    if (running) {
      running.log.info('Starting shutdown...');
      await this.#halt(running);
    }
    this.#running = undefined;
    const summary = summarize(this.#options.meter);
    running?.log.info('Shutdown complete.', fieldsOf(summary));
    return { code: fatal ? 1 : summary.lost > 0 ? 3 : 0, summary };
  }

  /** Asks for a clean shutdown. */
  stop(): void {
    this.#ended?.(false);
  }

  /** Swaps to the config as it is now. A wrong one, or one that cannot start, leaves the old pipelines at work. */
  reload(): Promise<void> {
    this.#reloading ??= this.#swap().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async #swap(): Promise<void> {
    const old = this.#running;
    if (!old || !this.#options.loadAgain) return;
    old.log.info('Received signal to reload.');
    const config = await this.#options.loadAgain(old.log);
    if (!config) {
      old.log.error('The new config is wrong, the old pipelines stay at work.');
      return;
    }
    const checked = checkGraph(config);
    if (!checked.plan) {
      const errors = checked.problems
        .filter((problem) => problem.severity === 'error')
        .map((problem) => problem.message);
      old.log.error('The new config is wrong, the old pipelines stay at work.', { errors });
      return;
    }
    old.log.info('Config updated, restart service.');
    // ports and files can be open only once, so the old pipelines stop before the new ones start
    await this.#halt(old);
    this.#running = undefined;
    try {
      await this.start(config);
    } catch (error) {
      old.log.error('The new config cannot start, going back to the old one.', { error: messageOf(error) });
      try {
        await this.start(old.config);
      } catch (again) {
        old.log.error('The old config cannot start any more.', { error: messageOf(again) });
        this.#ended?.(true);
      }
    }
  }

  async #launch(config: ServiceConfig): Promise<Running> {
    const log = this.#options.createLog(config);
    const { plan: planned, problems } = checkGraph(config);
    const errors = problems.filter((problem) => problem.severity === 'error').map((problem) => problem.message);
    if (!planned) throw new Error(errors.join('\n'));
    const stop = new AbortController();
    setMaxListeners(0, stop.signal); // every component may listen to it, and some for each batch that waits
    const { clock, meter, random, matcher, build: info, freeze = false } = this.#options;
    const options: BuildOptions = { log, clock, meter, random, matcher, build: info, stop: stop.signal, freeze };
    const nodes = build(planned, options);
    const lifecycle = new Lifecycle({
      extensions: extensionsOf(config, options),
      members: nodes.map(({ node, component }): Member => ({ kind: node.kind, id: node.id, component })),
      log,
      clock,
      onFatal: (member, error) => {
        log.error('A component failed, shutting down.', {
          'otelcol.component.id': member.id,
          'otelcol.component.kind': member.kind,
          error: messageOf(error),
        });
        this.#ended?.(true);
      },
      onFinished: () => this.#ended?.(false),
    });
    const running: Running = { config, nodes, lifecycle, stop, log };
    await lifecycle.start(() => this.#deadline(running).signal);
    return running;
  }

  async #halt(running: Running): Promise<void> {
    const deadline = this.#deadline(running);
    try {
      await running.lifecycle.shutdown(deadline.signal);
    } finally {
      deadline.cancel();
      running.stop.abort(new Error('stopped'));
      for (const { settle } of running.nodes) settle();
    }
  }

  /** One deadline for all components together, from now; it also ends the waiting between tries inside the graph. */
  #deadline(running: Running): { readonly signal: AbortSignal; cancel(): void } {
    const ms = running.config.shutdownDeadlineMs;
    const cancel = this.#options.clock.after(ms, () => {
      running.stop.abort(new Error(`shutdown took longer than ${ms} ms`));
    });
    return { signal: running.stop.signal, cancel };
  }
}

function extensionsOf(config: ServiceConfig, options: BuildOptions): Member[] {
  return config.extensionsInUse.flatMap((id): Member[] => {
    const configured = config.extensions.get(id);
    if (!configured) return [];
    // the config was decoded by this definition's own schema
    const own = configured.config as ConfigOf<ConfigSchema>;
    const component = configured.definition.create(contextOf({ kind: 'extension', id }, options), own);
    return [{ kind: 'extension', id, component }];
  });
}

function fieldsOf(summary: Summary) {
  return {
    received_events: summary.receivedEvents,
    received_spans: summary.receivedSpans,
    sent_events: summary.sentEvents,
    sent_spans: summary.sentSpans,
    lost: summary.lost,
    ...(summary.lost > 0 ? { losses: summary.losses.map(formatSample) } : {}),
  };
}
