import { type SpanRecord, spanId } from '../../core/index.ts';
import { execSpan, foldSpan, networkSpan } from './spans.ts';
import type { ExecState, Fold, StrayTree } from './state.ts';
import type { TurnHost } from './turn-host.ts';

/** Spans of what no tool explains, and of MCP servers that started outside any tool. */
export function strayEffects(stray: StrayTree, host: TurnHost): SpanRecord[] {
  const { turn, root, server } = stray;
  const { options } = host;
  const end = (e: ExecState): number => e.end ?? Math.max(turn.end, e.start);
  for (const exec of stray.execs) exec.exported = true;
  if (server) {
    const spans = execSpan(
      { ...root, rule: 'mcp', confidence: 'high' },
      Math.max(...stray.execs.map(end)),
      undefined,
      `mcp.start ${server.name}`,
    );
    return [spans];
  }
  const spans = stray.execs
    .slice(0, options.maxPerTool)
    .map((e) => execSpan(e, end(e), e.end === undefined ? 'detached' : undefined));
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
    } else {
      const fold: Fold = {
        spanId: spanId('file', effect.event.event_id),
        parentSpanId,
        first: effect,
        name: effect.event.event_type,
        count: 1,
        end: effect.at,
        tool: undefined,
        rule: 'unexplained',
        confidence: 'low',
      };
      spans.push(foldSpan(fold, turn));
    }
  }
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
