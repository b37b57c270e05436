import type { SpanLink, SpanRecord } from '../../core/index.ts';
import { Attributes, type Fact, factsOf, type Totals, usageOf, type Verbosity } from './facts.ts';
import { clip, columnsOf, durationOf, padEnd, printable } from './text.ts';

export interface Style {
  readonly verbosity: Verbosity;
  readonly isColoured: boolean;
  /** Columns of the terminal; lines are not cut when it is unknown. */
  readonly columns: number | undefined;
}

interface Row {
  readonly left: string;
  readonly duration: string;
  readonly facts: readonly Fact[];
}

/** Deeper spans are drawn at this depth, so that a long chain cannot make lines without end. */
const MAX_INDENT = 32;
const LEFT_COLUMNS = { least: 32, most: 56 };
const COLOURS = { plain: '', dim: '\x1b[2m', mark: '\x1b[36m', warn: '\x1b[33m', error: '\x1b[31m' } as const;
const RESET = '\x1b[0m';

/**
 * Draws spans as a tree from `tops` down: children by start, spans whose parent is not among them at the end under a line that says so.
 * Every span is drawn once, whatever the parents say.
 */
export function renderTree(tops: readonly SpanRecord[], spans: readonly SpanRecord[], style: Style): string {
  const byId = new Map<string, SpanRecord>();
  for (const span of spans) byId.set(span.spanId, span);
  const children = new Map<string, SpanRecord[]>();
  for (const span of byId.values()) {
    const parent = span.parentSpanId;
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [span]);
    else siblings.push(span);
  }
  const tree: Tree = { byId, children, drawn: new Set(), totals: new Map(), rows: [], style };
  for (const top of byStart(tops)) draw(tree, top);
  const lost = byStart([...byId.values()].filter((s) => !tree.drawn.has(s.spanId) && !byId.has(s.parentSpanId ?? '')));
  if (lost.length > 0) {
    tree.rows.push({ left: '┄ parent not seen', duration: '', facts: [] });
    for (const span of lost) draw(tree, span);
  }
  // parents in a circle: no top leads to them
  for (const span of byStart([...byId.values()])) if (!tree.drawn.has(span.spanId)) draw(tree, span);
  return layOut(tree.rows, style);
}

interface Tree {
  readonly byId: ReadonlyMap<string, SpanRecord>;
  readonly children: ReadonlyMap<string, readonly SpanRecord[]>;
  readonly drawn: Set<string>;
  readonly totals: Map<string, Totals>;
  readonly rows: Row[];
  readonly style: Style;
}

/** One span and all below it, without recursion: chains may be long. */
function draw(tree: Tree, top: SpanRecord): void {
  const stack: { readonly span: SpanRecord; readonly lead: string; readonly tail: string }[] = [
    { span: top, lead: '', tail: '' },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { span, lead, tail } = next;
    if (tree.drawn.has(span.spanId)) continue;
    tree.drawn.add(span.spanId);
    tree.rows.push(rowOf(tree, span, lead));
    const below = byStart((tree.children.get(span.spanId) ?? []).filter((s) => !tree.drawn.has(s.spanId)));
    const isDeep = tail.length >= MAX_INDENT * 3;
    for (let i = below.length - 1; i >= 0; i--) {
      const child = below[i];
      if (child === undefined) continue;
      const isLast = i === below.length - 1;
      const base = isDeep ? tail.slice(0, -3) : tail;
      stack.push({ span: child, lead: `${base}${isLast ? '└─ ' : '├─ '}`, tail: `${base}${isLast ? '   ' : '│  '}` });
    }
  }
}

function rowOf(tree: Tree, span: SpanRecord, lead: string): Row {
  const attributes = new Attributes(span.attributes);
  const isAgent = attributes.text('gen_ai.operation.name') === 'invoke_agent';
  const below = isAgent ? totalsBelow(tree, span) : { tokens: 0, costUsd: 0 };
  const links = (span.links ?? []).flatMap((link) => linkFact(tree, link));
  const facts = factsOf(span, attributes, tree.style.verbosity, below, links);
  return { left: lead + printable(span.name), duration: durationOf(span.end - span.start), facts };
}

/** What a link says: who asked for a tool, and what a turn goes on from. The link to the turn before is for backends. */
function linkFact(tree: Tree, link: SpanLink): string[] {
  const type = new Attributes(link.attributes).text('oisp.link.type');
  if (type === 'previous_turn') return [];
  if (type === 'continued_from') return [`continues trace ${link.traceId.slice(0, 8)}`];
  const to = tree.byId.get(link.spanId)?.name ?? `span ${link.spanId}`;
  return [type === undefined || type === 'requested_by' ? `requested by ${to}` : `${type}: ${to}`];
}

/** Sums over the model calls below a span, down to the agents below it as well. */
function totalsBelow(tree: Tree, top: SpanRecord): Totals {
  let tokens = 0;
  let costUsd = 0;
  const seen = new Set([top.spanId]);
  const stack = [...(tree.children.get(top.spanId) ?? [])];
  for (let span = stack.pop(); span !== undefined; span = stack.pop()) {
    if (seen.has(span.spanId)) continue;
    seen.add(span.spanId);
    const usage = usageOf(new Attributes(span.attributes));
    tokens += usage.tokens;
    costUsd += usage.costUsd;
    for (const child of tree.children.get(span.spanId) ?? []) stack.push(child);
  }
  return { tokens, costUsd };
}

function byStart(spans: readonly SpanRecord[]): SpanRecord[] {
  return [...spans].sort((a, b) => {
    if (a.start !== b.start) return a.start < b.start ? -1 : 1;
    return a.spanId < b.spanId ? -1 : 1;
  });
}

/** Names, durations and facts in columns. */
function layOut(rows: readonly Row[], style: Style): string {
  let left = LEFT_COLUMNS.least;
  for (const row of rows) left = Math.max(left, Math.min(LEFT_COLUMNS.most, columnsOf(row.left)));
  let text = '';
  for (const row of rows) text += `${lineOf(row, left, style)}\n`;
  return text;
}

function lineOf(row: Row, left: number, style: Style): string {
  const { columns } = style;
  const name =
    columns === undefined ? row.left : clip(row.left, Math.max(LEFT_COLUMNS.least, Math.min(left, columns - 12)));
  if (row.duration === '') return name;
  const head = `${padEnd(name, left)} ${row.duration.padStart(9)}`;
  let room = columns === undefined ? Number.POSITIVE_INFINITY : columns - columnsOf(head);
  let line = columns !== undefined && room < 0 ? clip(head, columns) : head;
  for (const fact of row.facts) {
    room -= 2;
    if (room < 2) break;
    const shown = clip(printable(fact.text), room);
    room -= columnsOf(shown);
    line += `  ${coloured(shown, fact.tone, style.isColoured)}`;
  }
  return line;
}

/** Text in the colour of its tone, when there are colours. */
export function coloured(text: string, tone: Fact['tone'], isColoured: boolean): string {
  return isColoured && tone !== 'plain' ? `${COLOURS[tone]}${text}${RESET}` : text;
}
