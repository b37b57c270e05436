import { type Batch, type ConfigOf, type Context, type Exporter, messageOf, PermanentError } from '../../core/index.ts';
import { eventLine } from './event-line.ts';
import { Pending, type Trace } from './pending.ts';
import { coloured, renderTree, type Style } from './render.ts';
import type { schema } from './schema.ts';
import type { TextSink } from './sink.ts';
import { printable } from './text.ts';

export type Config = ConfigOf<typeof schema>;

/** Prints span trees as their roots arrive, or one line per span; in logs pipelines one line per event. */
export class DebugExporter implements Exporter {
  readonly #context: Context;
  readonly #config: Config;
  readonly #sink: TextSink;
  readonly #isColoured: boolean;
  readonly #pending: Pending;
  readonly #evicted;
  readonly #unwritten;
  #isBroken: boolean = false;
  #isDown: boolean = false;
  /** Keeps what concurrent pipelines print from mixing. */
  #last: Promise<void> = Promise.resolve();

  /** `env` for NO_COLOR (no-color.org) and TERM. */
  constructor(context: Context, config: Config, sink: TextSink, env: Readonly<Record<string, string | undefined>>) {
    this.#context = context;
    this.#config = config;
    this.#sink = sink;
    const mayColour = sink.isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
    this.#isColoured = config.color === 'always' || (config.color === 'auto' && mayColour);
    this.#pending = new Pending(config.max_pending_spans);
    this.#evicted = context.meter.counter('oisp_debug_evicted_spans', { exporter: context.id });
    this.#unwritten = context.meter.counter('oisp_debug_unwritten_prints', { exporter: context.id });
    context.meter.gauge('oisp_debug_pending_spans', { exporter: context.id }, () => this.#pending.held);
  }

  async start(): Promise<void> {}

  async consume(batch: Batch): Promise<void> {
    if (this.#isDown) throw new PermanentError(`${this.#context.id} is shut down`, { code: 'DEBUG_DOWN' });
    const { verbosity, format } = this.#config;
    const style = this.#style();
    if (batch.signal === 'events') {
      if (verbosity === 'basic') return this.#print(`events: ${batch.events.length}\n`);
      let text = '';
      for (const event of batch.events) text += `${eventLine(event, verbosity, style.columns)}\n`;
      return this.#print(text);
    }
    if (format === 'lines') {
      let text = '';
      for (const span of batch.spans) text += renderTree([span], [span], style);
      return this.#print(text);
    }
    this.#add(batch.spans);
    let text = '';
    for (const { trace, printed } of this.#pending.takeReady()) {
      if (printed === undefined) text += this.#tree(trace, style);
      else
        text += `${this.#dim(`later, in the trace of ${printable(printed.name)} ${trace.id}`)}\n${this.#part(trace, style)}\n`;
    }
    return this.#print(text);
  }

  async shutdown(_deadline: AbortSignal): Promise<void> {
    this.#isDown = true;
    const rest = this.#pending.takeAll();
    let text = '';
    const style = this.#style();
    for (const trace of rest) text += `${this.#part(trace, style)}\n`;
    if (text !== '') await this.#print(`${this.#dim('unfinished: the end of these was not seen')}\n${text}`);
    await this.#last;
  }

  #add(spans: Parameters<Pending['add']>[0]): void {
    const evicted = this.#pending.add(spans);
    if (evicted === 0) return;
    if (this.#evicted.value === 0)
      this.#context.log.warn('Too many spans wait for their roots; the oldest are not shown.', {
        hint: 'raise max_pending_spans, or set format: lines',
      });
    this.#evicted.add(evicted);
  }

  #tree(trace: Trace, style: Style): string {
    const head = style.verbosity === 'detailed' ? `${this.#dim(`trace ${trace.id}`)}\n` : '';
    const { root } = trace;
    if (root === undefined) return head;
    const spans = whole(trace, root);
    const tops = spans.filter((s) => s.parentSpanId === undefined);
    return `${head}${renderTree(tops, spans, style)}${this.#missing(trace)}\n`;
  }

  /** Spans without a root: those whose parent is not there are the tops. */
  #part(trace: Trace, style: Style): string {
    const ids = new Set(trace.spans.map((s) => s.spanId));
    const tops = trace.spans.filter((s) => s.parentSpanId === undefined || !ids.has(s.parentSpanId));
    return renderTree(tops, trace.spans, style) + this.#missing(trace);
  }

  #missing(trace: Trace): string {
    return trace.dropped === 0 ? '' : `${this.#dim(`… ${trace.dropped} spans were not kept`)}\n`;
  }

  #dim(text: string): string {
    return coloured(text, 'dim', this.#isColoured);
  }

  #style(): Style {
    return { verbosity: this.#config.verbosity, isColoured: this.#isColoured, columns: this.#sink.columns };
  }

  #print(text: string): Promise<void> {
    if (text === '') return Promise.resolve();
    this.#last = this.#last.then(() => this.#write(text));
    return this.#last;
  }

  async #write(text: string): Promise<void> {
    if (this.#isBroken) {
      this.#unwritten.add();
      return;
    }
    try {
      await this.#sink.write(text);
    } catch (error) {
      this.#isBroken = true;
      this.#unwritten.add();
      this.#context.log.warn('Nobody reads the output any more; trees are no longer printed.', {
        error: messageOf(error),
      });
    }
  }
}

/** The spans of a trace, with its root even where it was let go. */
function whole(trace: Trace, root: NonNullable<Trace['root']>): Trace['spans'] {
  return trace.spans.includes(root) ? trace.spans : [root, ...trace.spans];
}
