import { spanId } from '../../core/index.ts';
import { type Cause, causedBy, program } from './evidence.ts';
import { addTo, fileGroup, fileKey } from './file-groups.ts';
import type { Place } from './output.ts';
import { networkSpan } from './spans.ts';
import type { Effect, ExecState, Fold, Proc, ToolState } from './state.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';

/** Puts effects under the tool call that caused them: programs, files and connections as spans, folded beyond the caps. */
export class Placing {
  readonly #host: TurnHost;
  readonly #turns: Turns;

  constructor(host: TurnHost, turns: Turns) {
    this.#host = host;
    this.#turns = turns;
  }

  /** A program that works for a tool. */
  run(effect: Effect, cause: Cause): void {
    const { proc, event, at } = effect;
    const { tool } = cause;
    const parent = this.#parentOf(proc, tool);
    const isLate = tool.turn.state === 'closed';
    const exec: ExecState = {
      event,
      proc,
      // what has no span of its own lies under the one above
      spanId: isLate ? parent : spanId('exec', event.event_id),
      start: at,
      end: undefined,
      exit: undefined,
      parentSpanId: parent,
      turn: tool.turn,
      tool,
      rule: cause.rule,
      confidence: cause.confidence,
      exported: false,
      before: proc.exec?.tool === tool ? proc.exec : undefined,
      fold: undefined,
    };
    proc.tool = tool;
    proc.exec = exec;
    if (isLate) {
      exec.exported = true;
      this.#late(effect, tool, parent);
      return;
    }
    this.touched(tool, at);
    if (cause.rule === 'argument') tool.explained = true;
    if (cause.rule !== 'process_tree') this.begin(tool, exec);
    if (this.#isFolded(tool, 'process')) {
      exec.fold = this.#fold(effect, cause, parent, `process.exec ${program(event)}`);
      exec.exported = true;
    } else tool.turn.running.add(exec);
    this.note(effect, {
      traceId: tool.turn.traceId,
      spanId: exec.fold?.spanId ?? exec.spanId,
      related: causedBy(tool),
    });
  }

  /** What a process did to a file: one span per process, kind and file within a tool. */
  file(effect: Effect, cause: Cause): void {
    const { event, at, proc } = effect;
    const { tool } = cause;
    const { turn } = tool;
    const parent = this.#parentOf(proc, tool);
    if (turn.state === 'closed') {
      this.#late(effect, tool, parent);
      return;
    }
    this.touched(tool, at);
    if (event.event_type === 'file.open' || event.event_type === 'file.close') {
      this.note(effect, { traceId: turn.traceId, spanId: parent });
      return;
    }
    const key = fileKey(effect);
    const group = turn.groups.get(`${tool.spanId} ${key}`);
    if (group) {
      addTo(group, effect);
      this.note(effect, { traceId: turn.traceId, spanId: group.spanId, related: causedBy(tool) });
      return;
    }
    if (this.#isFolded(tool, 'file')) {
      const fold = this.#fold(effect, cause, parent, event.event_type);
      this.note(effect, { traceId: turn.traceId, spanId: fold.spanId, related: causedBy(tool) });
      return;
    }
    const { rule, confidence } = cause;
    const made = fileGroup(effect, key, { parentSpanId: parent, tool, rule, confidence });
    turn.groups.set(`${tool.spanId} ${key}`, made);
    this.note(effect, { traceId: turn.traceId, spanId: made.spanId, related: causedBy(tool) });
  }

  /** A connection or a name lookup. */
  network(effect: Effect, cause: Cause): void {
    const { event, at, proc } = effect;
    const { tool } = cause;
    const { turn } = tool;
    const parent = this.#parentOf(proc, tool);
    if (turn.state === 'closed') {
      this.#late(effect, tool, parent);
      return;
    }
    this.touched(tool, at);
    if (this.#isFolded(tool, 'network')) {
      const fold = this.#fold(effect, cause, parent, event.event_type);
      this.note(effect, { traceId: turn.traceId, spanId: fold.spanId, related: causedBy(tool) });
      return;
    }
    const id = spanId('network', event.event_id);
    const place = { turn, tool, spanId: id, parentSpanId: parent, rule: cause.rule, confidence: cause.confidence };
    this.#turns.emit(turn, networkSpan(effect, place, this.#host.options));
    this.note(effect, { traceId: turn.traceId, spanId: id, related: causedBy(tool) });
  }

  /** A program began that works for a tool by its own evidence: the tool does not end before it. */
  begin(tool: ToolState, exec: ExecState): void {
    // a shell that serves one tool after the other tells no end
    if (exec.proc.isFed) return;
    tool.matched ??= exec;
    tool.roots.add(exec);
    if (tool.endSource !== 'process_exit') return;
    tool.end = undefined;
    tool.endSource = undefined;
  }

  /** What was counted before its tool was known. */
  folded(
    tool: ToolState,
    name: string,
    more: { readonly first: Effect; readonly count: number; readonly end: number },
  ): void {
    const cause: Cause = { tool, rule: 'process_tree', confidence: 'high' };
    const fold = this.#fold(more.first, cause, tool.spanId, name);
    fold.count += more.count - 1;
    fold.end = Math.max(fold.end, more.end);
  }

  /** Something happened that belongs to a tool. */
  touched(tool: ToolState, at: number): void {
    tool.firstEffect = Math.min(tool.firstEffect ?? at, at);
    tool.turn.lastAt = Math.max(tool.turn.lastAt, at);
  }

  /** The span below which an effect of a process lies: the nearest program above it within the tool, else the tool. */
  #parentOf(proc: Proc, tool: ToolState): string {
    for (let p: Proc | undefined = proc, n = 0; p && n < 64; p = p.parent, n++) {
      const { exec } = p;
      if (exec && exec.tool === tool) return exec.fold?.spanId ?? exec.spanId;
      if (p.agent === tool.agent) break;
    }
    return tool.spanId;
  }

  /** Whether one more effect of a kind is only counted: its tool has many, or its trace is far too large. */
  #isFolded(tool: ToolState, kind: keyof ToolState['counts']): boolean {
    const { maxPerTool, maxSpans, maxBytes } = this.#host.options;
    return ++tool.counts[kind] > maxPerTool || tool.turn.trace.overflows(maxSpans, maxBytes);
  }

  #fold(effect: Effect, cause: Cause, parent: string, name: string): Fold {
    const { tool } = cause;
    let fold = tool.folds.get(name);
    if (!fold) {
      fold = {
        spanId: spanId('fold', effect.event.event_id),
        parentSpanId: parent,
        first: effect,
        name,
        count: 0,
        end: effect.at,
        tool,
        rule: cause.rule,
        confidence: cause.confidence,
      };
      tool.folds.set(name, fold);
    }
    fold.count++;
    fold.end = Math.max(fold.end, effect.at);
    return fold;
  }

  #late(effect: Effect, tool: ToolState, parent: string): void {
    this.note(effect, { traceId: tool.turn.traceId, spanId: parent, late: true, related: causedBy(tool) });
  }

  /** An event goes on with the ids of its span. */
  note(effect: Effect, place: Place): void {
    this.#host.out.event(effect.event, effect.claim, place);
  }

  /** An event that no tree holds. */
  pass(effect: Effect): void {
    this.#host.out.event(effect.event, effect.claim);
  }
}
