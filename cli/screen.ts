import type { Batch, Component, Exporter, ExporterDefinition, OispEvent, Registry } from '../core/index.ts';
import type { TextSink } from '../exporters/debug/sink.ts';

/** The registry with another exporter behind the name `debug`: what a command prints, it prints where the config prints. */
export function withDebug(registry: Registry, own: Partial<Pick<ExporterDefinition, 'create' | 'takes'>>): Registry {
  const exporters = registry.exporters.map((one) => (one.type === 'debug' ? { ...one, ...own } : one));
  return { ...registry, exporters };
}

/** What draws events. */
export interface Drawing extends Partial<Component> {
  add(events: readonly OispEvent[]): Promise<void>;
}

/** The registry with a drawing behind the name `debug`, in pipelines of every kind. */
export function withDrawing(registry: Registry, drawing: Drawing): Registry {
  return withDebug(registry, { takes: () => ['events'], create: () => new DrawingExporter(drawing) });
}

class DrawingExporter implements Exporter {
  readonly #drawing: Drawing;

  constructor(drawing: Drawing) {
    this.#drawing = drawing;
  }

  async start(...args: Parameters<Component['start']>): Promise<void> {
    await this.#drawing.start?.(...args);
  }

  async consume(batch: Batch): Promise<void> {
    if (batch.signal === 'events') await this.#drawing.add(batch.events);
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    await this.#drawing.shutdown?.(deadline);
  }
}

/** Text for whoever reads it: when nobody does any more, `closed` is called once and the rest goes nowhere. */
export class Page {
  readonly sink: TextSink;
  readonly #closed: () => void;
  #isOpen = true;

  constructor(sink: TextSink, closed: () => void) {
    this.sink = sink;
    this.#closed = closed;
  }

  async print(text: string): Promise<void> {
    if (!this.#isOpen || text === '') return;
    try {
      await this.sink.write(text);
    } catch {
      this.#isOpen = false; // the reader went away, as `| head` does: that is its way to say that it has enough
      this.#closed();
    }
  }
}

/** Whether text is coloured: on a terminal, unless NO_COLOR (no-color.org) or TERM say no. */
export function mayColour(sink: TextSink, env: Readonly<Record<string, string | undefined>>): boolean {
  return sink.isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
