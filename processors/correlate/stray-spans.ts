import { type SpanRecord, spanId } from '../../core/index.ts';
import { addTo, fileGroup, fileKey } from './file-groups.ts';
import { execSpan, fileSpan, foldSpan, networkSpan } from './spans.ts';
import type { Effect, ExecState, FileGroup, Fold, StrayTree } from './state.ts';
import type { TurnHost } from './turn-host.ts';

/** Spans of what no tool explains, and of MCP servers that started outside any tool. `running`: why those end that still run. */
export function strayEffects(stray: StrayTree, host: TurnHost, running: string): SpanRecord[] {
  const { turn, root, server } = stray;
  const { options } = host;
  const end = (e: ExecState): number => e.end ?? Math.max(turn.end, e.start);
  for (const exec of stray.execs) exec.exported = true;
  if (server) {
    const spans = execSpan(
      { ...root, rule: 'mcp', confidence: 'high' },
      Math.max(...stray.execs.map(end)),
      stray.execs.some((e) => e.end === undefined) ? running : undefined,
      `mcp.start ${server.name}`,
    );
    return [spans];
  }
  const spans = stray.execs
    .slice(0, options.maxPerTool)
    .map((e) => execSpan(e, end(e), e.end === undefined ? running : undefined));
  const files = new Map<string, FileGroup>();
  const shown = new Set(spans.map((s) => s.spanId));
  for (const { kind, effect, parent } of stray.held) {
    const parentSpanId = shown.has(parent) ? parent : root.spanId;
    if (kind === 'network') {
      const place = {
        turn,
        tool: undefined,
        spanId: spanId('network', effect.event.event_id),
        parentSpanId,
        rule: 'unexplained',
        confidence: 'low',
      };
      spans.push(networkSpan(effect, place, options));
    } else add(files, effect, parentSpanId);
  }
  for (const file of files.values()) spans.push(fileSpan(file, turn, options));
  for (const [name, { first, count, end: last }] of stray.more) {
    const fold: Fold = {
      spanId: spanId('fold', first.event.event_id),
      parentSpanId: root.spanId,
      first,
      name,
      count,
      end: last,
      tool: undefined,
      rule: 'unexplained',
      confidence: 'low',
    };
    spans.push(foldSpan(fold, turn));
  }
  return spans;
}

/** Operations of one kind by one process on one file are one span. */
function add(files: Map<string, FileGroup>, effect: Effect, parentSpanId: string): void {
  const key = fileKey(effect);
  const known = files.get(key);
  if (known) addTo(known, effect);
  else
    files.set(key, fileGroup(effect, key, { parentSpanId, tool: undefined, rule: 'unexplained', confidence: 'low' }));
}
