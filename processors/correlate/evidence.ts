import type { ExecData, Key, MatchKeys, OispEvent, RelatedEvent } from '../../core/index.ts';
import type { Agent, Confidence, ExecState, Proc, Rule, ToolState, Turn } from './state.ts';

/** Which tool call something belongs to, and what says so. */
export interface Cause {
  readonly tool: ToolState;
  readonly rule: Rule;
  readonly confidence: Confidence;
}

/**
 * The open tool call that a program belongs to. `named`: only one whose arguments name it. `any`: else the only one that may have started
 * it, but not while an answer is still coming that may ask for more.
 */
export function causeOfExec(agent: Agent, keys: MatchKeys, when: 'named' | 'any'): Cause | undefined {
  let best: ToolState | undefined;
  let most = 0;
  const leaves: ToolState[] = [];
  for (const tool of openTools(agent)) {
    const score = execScore(tool.keys, keys) + (tool.matched === undefined ? 0.01 : 0);
    if (score >= 1 && score > most) {
      best = tool;
      most = score;
    }
    if (tool.children.size === 0 && tool.mcp === undefined) leaves.push(tool);
  }
  if (best) return { tool: best, rule: 'argument', confidence: 'high' };
  if (when === 'named') return undefined;
  const free = leaves.filter((tool) => !tool.explained);
  const [only] = free;
  if (!only || mayAsk(agent)) return undefined;
  if (leaves.length === 1) return { tool: only, rule: 'only_open', confidence: 'medium' };
  const idle = free.filter((tool) => tool.matched === undefined && tool.firstEffect === undefined);
  if (idle.length === 1 && idle[0]) return { tool: idle[0], rule: 'time_window', confidence: 'low' };
  return undefined;
}

/**
 * The open tool call that names what the agent itself did. Of several: one without a sub-agent at work (a task may name the files that its
 * sub-agent then asks for), then the one that names least else, then one that did nothing yet, then the first.
 */
export function named(agent: Agent, names: (tool: ToolState) => boolean): ToolState | undefined {
  let found: ToolState | undefined;
  for (const tool of openTools(agent)) if (names(tool) && (!found || isCloser(tool, found))) found = tool;
  return found;
}

function isCloser(tool: ToolState, other: ToolState): boolean {
  const isLeaf = (t: ToolState): boolean => t.children.size === 0;
  if (isLeaf(tool) !== isLeaf(other)) return isLeaf(tool);
  const [mine, its] = [namesOf(tool), namesOf(other)];
  if (mine !== its) return mine < its;
  return other.firstEffect !== undefined && tool.firstEffect === undefined;
}

/** How many places a tool's arguments name. */
function namesOf({ keys }: ToolState): number {
  return (keys.paths?.length ?? 0) + (keys.hosts?.length ?? 0);
}

export function* openTools(agent: Agent): Iterable<ToolState> {
  for (const turn of agent.turns) for (const tool of turn.tools) if (tool.open) yield tool;
}

/** Whether a model may be asking the agent for tools right now. */
export function mayAsk(agent: Agent): boolean {
  for (const turn of agent.turns) for (const call of turn.calls) if (!call.isSide) return true;
  return false;
}

/** A tree that found its tool: what belongs to it works for that tool. */
export function settle(proc: Proc): void {
  const tool = proc.stray?.adopted;
  if (!tool) return;
  proc.tool = tool;
  proc.stray = undefined;
}

/** The turn in which something happened that no tool explains: the user's turn that opened last. */
export function latest(agent: Agent): Turn | undefined {
  let found: Turn | undefined;
  for (const turn of agent.turns)
    if (turn.state !== 'closed' && (!found || turn.parentTool === undefined)) found = turn;
  return found;
}

export function nearestExec(proc: Proc): ExecState | undefined {
  for (let p: Proc | undefined = proc, n = 0; p && n < 64; p = p.parent, n++) if (p.exec) return p.exec;
  return undefined;
}

export function overlap(a: readonly Key[] | undefined, b: readonly Key[] | undefined): number {
  if (!a || !b) return 0;
  let n = 0;
  for (const key of b) if (a.includes(key)) n++;
  return n;
}

/** 1 and more when a tool's arguments name the program: its commands, or words of its argv. */
export function execScore(tool: MatchKeys, exec: MatchKeys): number {
  const commands = overlap(tool.commands, exec.commands);
  const strings = overlap(exec.strings, tool.strings);
  if (commands === 0 && strings === 0) return 0;
  const share = commands === 0 ? 0 : commands / (tool.commands?.length ?? 1) + commands / (exec.commands?.length ?? 1);
  return 1 + 10 * share + strings;
}

export function namesPath(tool: MatchKeys, file: MatchKeys): boolean {
  return overlap(tool.paths, file.paths) > 0 || overlap(tool.tails, file.tails) > 0;
}

export function mcpRule(proc: Proc): Rule {
  return proc.mcp ? 'mcp' : 'process_tree';
}

export function program(event: OispEvent): string {
  const { exe } = event.data as ExecData;
  return exe.slice(exe.lastIndexOf('/') + 1);
}

export function causedBy(tool: ToolState): RelatedEvent[] {
  return [{ event_id: tool.event.event_id, relationship: 'caused_by' }];
}
