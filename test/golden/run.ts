import {
  type Batch,
  type Component,
  type Consumer,
  createMatcher,
  type OispEvent,
  type SpanRecord,
} from '../../core/index.ts';
import { configFor, makeContext, makeHost } from '../../core/testing/index.ts';
import { correlateProcessor } from '../../processors/correlate/index.ts';
import { isDerivedSession } from '../../processors/correlate/sessions.ts';
import { redactProcessor } from '../../processors/redact/index.ts';
import { value } from './tree.ts';

/** A processor of the pipeline: `correlate`, or `redact` in a mode. */
export type Stage = 'correlate' | { readonly redact: 'full' | 'safe' };

export interface Ran {
  readonly spans: readonly SpanRecord[];
  readonly events: readonly OispEvent[];
}

const matcher = createMatcher(Buffer.alloc(32, 7));
const BATCH = 16;

function correlating(config: object, next: Consumer): Component & Consumer {
  const context = { ...makeContext().context, matcher };
  return correlateProcessor.create(context, configFor(correlateProcessor.schema, config) as never, next);
}

/** Reading the rules takes longer than redacting a session: one redactor of a mode serves all runs, one after the other. */
const redactors = new Map<string, { readonly node: Component & Consumer; next: Consumer }>();

function redacting(mode: 'full' | 'safe', next: Consumer): Component & Consumer {
  let known = redactors.get(mode);
  if (known === undefined) {
    const entry = { next, consume: (batch: Batch): Promise<void> => entry.next.consume(batch) };
    const context = { ...makeContext().context, matcher };
    const node = redactProcessor.create(context, configFor(redactProcessor.schema, { mode }), entry);
    known = Object.assign(entry, { node });
    redactors.set(mode, known);
  }
  known.next = next;
  const { node } = known;
  return { start: async () => undefined, consume: (batch) => node.consume(batch), shutdown: async () => undefined };
}

/** Sends events through the processors, in batches, and shuts them down. */
export async function run(events: readonly OispEvent[], stages: readonly Stage[], config: object): Promise<Ran> {
  const ran = { spans: [] as SpanRecord[], events: [] as OispEvent[] };
  let next: Consumer = {
    consume: async (batch: Batch) => {
      if (batch.signal === 'spans') ran.spans.push(...batch.spans);
      else ran.events.push(...batch.events.filter((event) => !isDerivedSession(event)));
    },
  };
  const nodes: (Component & Consumer)[] = [];
  for (const stage of [...stages].reverse()) {
    const node = stage === 'correlate' ? correlating(config, next) : redacting(stage.redact, next);
    nodes.push(node);
    next = node;
  }
  for (const node of nodes) await node.start(makeHost());
  for (let i = 0; i < events.length; i += BATCH)
    await next.consume({ signal: 'events', events: events.slice(i, i + BATCH) });
  for (const node of nodes.reverse()) await node.shutdown(AbortSignal.timeout(1000));
  return ran;
}

/** What must not change with content: the place of each span and the reasons for it, its times, its links. */
export function edges(spans: readonly SpanRecord[]): string[] {
  const KEYS = [
    'gen_ai.conversation.id',
    'gen_ai.tool.call.id',
    'oisp.correlation.rule',
    'oisp.correlation.confidence',
    'oisp.span.end_reason',
    'oisp.count',
    'oisp.side_call',
  ];
  return spans
    .map((span) => {
      const links = (span.links ?? []).map((link) => `${link.traceId}/${link.spanId}`).join(',');
      const facts = KEYS.map((key) => String(value(span, key) ?? '-')).join(' ');
      const place = `${span.traceId} ${span.spanId} < ${span.parentSpanId ?? 'root'}`;
      return `${place} ${span.name} ${span.start}-${span.end} ${facts} ${links}`;
    })
    .sort();
}
