import type { RequestView } from './request.ts';
import type { Agent, Call, Rule, ToolState } from './state.ts';

/**
 * The open tool call of another conversation whose arguments hold the task that this conversation begins with; without such words, the first
 * one that nothing explains yet, when the headers say that another agent of the session speaks.
 */
export function parentToolOf(call: Call, agents: Iterable<Agent>): { tool: ToolState; rule: Rule } | undefined {
  const { view } = call;
  const lines = new Set(view.keys.lines ?? []);
  let best: ToolState | undefined;
  let most = 0;
  let free: ToolState | undefined;
  for (const tool of openToolsIn(agents, call.agent, view)) {
    let n = 0;
    for (const key of tool.keys.lines ?? []) if (lines.has(key)) n++;
    if (n > most || (n === most && n > 0 && best && best.children.size > tool.children.size)) {
      best = tool;
      most = n;
    }
    if (tool.children.size === 0 && tool.matched === undefined && tool.mcp === undefined) free ??= tool;
  }
  if (best) return { tool: best, rule: 'task_text' };
  const isOther =
    view.agentId !== undefined && view.sessionId !== undefined && free?.conversation.agentId !== view.agentId;
  return free && isOther ? { tool: free, rule: 'agent_header' } : undefined;
}

/** Open tool calls of the process, and of other processes of the same session. */
function* openToolsIn(agents: Iterable<Agent>, agent: Agent, view: RequestView): Iterable<ToolState> {
  for (const other of agents) {
    for (const turn of other.turns) {
      const isSession = view.sessionId !== undefined && turn.conversation.sessionId === view.sessionId;
      if (other !== agent && !isSession) continue;
      for (const tool of turn.tools) if (tool.open) yield tool;
    }
  }
}
