import type { Key } from '../../core/index.ts';
import { Lists } from './lists.ts';
import { SECOND } from './options.ts';
import type { Agent, Call, Confidence, Rule, ToolState } from './state.ts';

/** Tool calls that one line of text is kept for. */
const MAX_ALIKE = 64;
/** How long after its answer a tool call may still begin a sub-agent: some are only started by it. */
const STARTS_NS = 10 * SECOND;
/** Tools that start agents, by what clients call them. */
const AGENT_TOOL =
  /(?:^|[^a-z])(?:new_?task|task|agents?|sub_?agents?|delegate\w*|dispatch\w*|spawn\w*|hand_?off\w*|transfer_to\w*)(?:[^a-z]|$)/i;

export interface Parent {
  readonly tool: ToolState;
  readonly rule: Rule;
  readonly confidence: Confidence;
}

/** The tool calls that may have begun a sub-agent: found by the words of their arguments, or by session. */
export class Tasks {
  readonly #byLine = new Lists<ToolState>(MAX_ALIKE);
  readonly #bySession = new Lists<ToolState>(MAX_ALIKE);

  add(tool: ToolState): void {
    for (const line of tool.keys.lines ?? []) this.#byLine.add(line, tool);
    for (const key of placesOf(tool.agent, tool.conversation.sessionId)) this.#bySession.add(key, tool);
  }

  remove(tool: ToolState): void {
    const isIt = (other: ToolState): boolean => other === tool;
    for (const line of tool.keys.lines ?? []) this.#byLine.remove(line, isIt);
    for (const key of placesOf(tool.agent, tool.conversation.sessionId)) this.#bySession.remove(key, isIt);
  }

  /**
   * The tool call that a conversation works for which begins, or goes on after its end, with this request: the one whose arguments hold the
   * words; without such words the first one that nothing explains yet, where the headers say that another agent of the session speaks, or
   * where its name says that it starts agents and the process serves one user.
   */
  parentOf(call: Call, words: readonly Key[]): Parent | undefined {
    const { view } = call;
    const named = this.#named(call, words);
    if (named) return { tool: named, rule: 'task_text', confidence: 'high' };
    const isOther = view.agentId !== undefined && view.sessionId !== undefined;
    if (!isOther && (call.agent.isShared || !view.hasTools)) return undefined;
    const free = this.#bySession
      .get(placesOf(call.agent, view.sessionId)[0] as string)
      .filter((tool) => isFree(tool, call));
    const starters = free.filter((tool) => AGENT_TOOL.test(tool.name));
    const [tool] = isOther && starters.length === 0 ? free : starters;
    if (!tool) return undefined;
    if (isOther) return { tool, rule: 'agent_header', confidence: 'medium' };
    return { tool, rule: starters.length === 1 ? 'only_open' : 'time_window', confidence: 'low' };
  }

  #named(call: Call, words: readonly Key[]): ToolState | undefined {
    const counts = new Map<ToolState, number>();
    for (const word of words)
      for (const tool of this.#byLine.get(word))
        if (mayStart(tool, call)) counts.set(tool, (counts.get(tool) ?? 0) + 1);
    let best: ToolState | undefined;
    for (const [tool, n] of counts) if (!best || isCloser(tool, n, best, counts.get(best) ?? 0)) best = tool;
    return best;
  }
}

function isCloser(tool: ToolState, n: number, other: ToolState, m: number): boolean {
  if (n !== m) return n > m;
  if (tool.open !== other.open) return tool.open;
  return tool.children.size < other.children.size;
}

/** Open, or answered a moment ago, in the same process or session. */
function mayStart(tool: ToolState, { agent, view, at }: Call): boolean {
  if (tool.turn.state === 'closed') return false;
  const { sessionId } = tool.conversation;
  if (tool.agent !== agent && (sessionId === undefined || sessionId !== view.sessionId)) return false;
  return tool.open || (tool.end !== undefined && at - tool.end <= STARTS_NS);
}

function isFree(tool: ToolState, call: Call): boolean {
  return (
    tool.open &&
    mayStart(tool, call) &&
    tool.children.size === 0 &&
    tool.matched === undefined &&
    tool.mcp === undefined &&
    (call.view.agentId === undefined || tool.conversation.agentId !== call.view.agentId)
  );
}

/** Where tool calls of an agent are looked for: in its session, else in its process. */
function placesOf(agent: Agent, sessionId: string | undefined): string[] {
  return [sessionId === undefined ? agent.key : `${agent.hostId} ${sessionId}`];
}
