import type { ExecData, Key, MatchKeys, OispEvent, RelatedEvent } from '../../core/index.ts';
import type { Agent, Confidence, ExecState, Proc, Rule, ToolState, Turn } from './state.ts';

/** Which tool call something belongs to, and what says so. */
export interface Cause {
  readonly tool: ToolState;
  readonly rule: Rule;
  readonly confidence: Confidence;
}

/** Open calls that are looked at one by one when nothing names the right one. */
const MAX_GUESSES = 64;

/** From this score on a program can only be what the arguments name: its whole command, all of theirs, or a telling word. */
const CERTAIN = 5;

/** Tools that read, write, ask or plan inside the agent: programs that nothing names are not theirs while another call is open. */
const RUNS_NOTHING = /^(?:read|view|open|write|edit|multi_?edit|notebook|todo|web|fetch|update_plan|ask|think|plan)/i;

/**
 * The open tool call that a program belongs to. `named`: only one whose arguments say so beyond doubt. `any`: else one whose arguments hint at it,
 * else the only one that may have started it.
 */
export function causeOfExec(agent: Agent, keys: MatchKeys, when: 'named' | 'any', isFed = false): Cause | undefined {
  const { open } = agent;
  let best: ToolState | undefined;
  let most = 0;
  for (const tool of open.naming(keys.commands, keys.strings, keys.words, isFed ? keys.programs : undefined)) {
    const score = execScore(tool, keys, isFed);
    if (score <= most || (score < CERTAIN && isElsewhere(agent, tool, keys))) continue;
    best = tool;
    most = score;
  }
  if (best && most >= CERTAIN) return { tool: best, rule: 'argument', confidence: 'high' };
  if (when === 'named') return undefined;
  if (best && most > 0) return { tool: best, rule: 'argument', confidence: 'medium' };
  return guess(agent, keys);
}

/** No argument names it: the only call that is open, or the only one that has done nothing yet. */
function guess(agent: Agent, keys: MatchKeys): Cause | undefined {
  let leaves: ToolState[] = [];
  let looked = 0;
  for (const tool of agent.open) {
    if (++looked > MAX_GUESSES) return undefined;
    // a server that is not known by its process may have started anything
    if (tool.mcp && !tool.mcp.server && tool.mcp.call.attrs?.['network.transport'] !== 'tcp') return undefined;
    if (tool.children.size === 0 && tool.mcp === undefined && !isElsewhere(agent, tool, keys)) leaves.push(tool);
  }
  const isOnly = leaves.length === 1;
  if (!isOnly) {
    const [at] = keys.cwds ?? [];
    const here = at === undefined ? [] : leaves.filter((tool) => tool.bases.has(at));
    if (here.length > 0) leaves = here;
    const running = leaves.filter((tool) => !RUNS_NOTHING.test(tool.name));
    if (running.length > 0) leaves = running;
  }
  const free = leaves.filter((tool) => !tool.explained);
  const [only] = free;
  if (!only) return undefined;
  if (isOnly) return { tool: only, rule: 'only_open', confidence: 'medium' };
  if (leaves.length === 1) return { tool: only, rule: 'time_window', confidence: 'low' };
  const idle = free.filter((tool) => tool.matched === undefined && tool.firstEffect === undefined);
  if (idle.length === 1 && idle[0]) return { tool: idle[0], rule: 'time_window', confidence: 'low' };
  return undefined;
}

/** Whether a program began in a folder where another conversation of the process works. */
function isElsewhere(agent: Agent, tool: ToolState, { cwds = [] }: MatchKeys): boolean {
  const [at] = cwds;
  if (at === undefined || tool.bases.has(at)) return false;
  let looked = 0;
  for (const turn of agent.turns) {
    if (++looked > MAX_GUESSES) return false;
    if (turn.places.has(at)) return true;
  }
  return false;
}

/**
 * How well a tool's arguments name a program: 5 and more beyond doubt, 0 not at all. `isFed`: it is the child of a shell that reads what to run,
 * so that its arguments may have come out of variables and patterns and only its name is as written.
 */
export function execScore(tool: ToolState, exec: MatchKeys, isFed = false): number {
  const { keys } = tool;
  const commands = overlap(keys.commands, exec.commands);
  const strings = overlap(keys.strings, exec.strings);
  const words = overlap(keys.words, exec.words);
  const asked = commands / (keys.commands?.length || 1);
  const ran = commands / (exec.commands?.length || 1);
  let score = 0;
  if (ran === 1 || (asked === 1 && ran > 0.5 && tool.matched === undefined)) score = 10 * (asked + ran);
  else if (commands > 0) score = 2 + asked + ran;
  if (strings > 0) score += CERTAIN + strings;
  if (words > 0) score += 1;
  if (score === 0 && isFed && overlap(keys.programs, exec.programs) > 0) score = 3;
  if (score === 0) return 0;
  const [at] = exec.cwds ?? [];
  if (at !== undefined && tool.bases.has(at)) score += 0.5;
  if (tool.matched === undefined) score += 0.25;
  return tool.children.size === 0 ? score : score / 100;
}

/** Whether a model may be asking the agent for tools right now. */
export function mayAsk(agent: Agent): boolean {
  return agent.asking.size > 0;
}

/** A tree that found its tool: what belongs to it works for that tool. */
export function settle(proc: Proc): void {
  const tool = proc.stray?.adopted;
  if (!tool) return;
  proc.tool = tool;
  proc.stray = undefined;
}

/**
 * The turn in which something happened that no tool explains: the one that was told of the folder in which it began, else the user's turn that
 * opened last.
 */
export function latest(agent: Agent, { cwds = [] }: MatchKeys = {}): Turn | undefined {
  const [at] = cwds;
  if (agent.current && isHome(agent.current, at)) return agent.current;
  let found: Turn | undefined;
  let home: Turn | undefined;
  let looked = 0;
  for (const turn of agent.turns) {
    if (turn.state === 'closed') continue;
    if (!found || turn.parentTool === undefined) found = turn;
    if (at !== undefined && turn.parentTool === undefined && turn.places.has(at)) home = turn;
    if (++looked >= MAX_GUESSES) break;
  }
  if (home) return home;
  if (agent.current && agent.current.state !== 'closed') return agent.current;
  agent.current = found;
  return found;
}

function isHome(turn: Turn, at: Key | undefined): boolean {
  return turn.state !== 'closed' && (at === undefined || turn.places.has(at));
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
