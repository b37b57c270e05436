import type { RequestView } from './request.ts';
import type { Agent, Call, Turn } from './state.ts';

/**
 * Whether a model call is one that agents make beside the conversation (titles, quota probes, spinners, summaries): fresh, without tools,
 * and either tiny, or of such a shape, or to a small model. `maybe`: a small model alone in its process, which may as well be a chat.
 */
export function sideKindOf(call: Call): 'yes' | 'maybe' | 'no' {
  const { view, agent } = call;
  if (view.hasTools || !view.isFresh) return 'no';
  if (view.maxTokens !== undefined && view.maxTokens <= 16) return 'yes';
  const company = hasCompany(agent, view);
  if (view.keys.shape !== undefined && (company || view.isSmallModel)) return 'yes';
  if (!view.isSmallModel) return 'no';
  return company ? 'yes' : 'maybe';
}

/** Whether the process holds an agent beside which such a call makes sense: one with tools, or one that speaks to another model. */
function hasCompany(agent: Agent, view: RequestView): boolean {
  if (agent.hasToolUse) return true;
  for (const model of agent.models) if (model !== view.model && model !== '') return true;
  return false;
}

/** Whether two of a process may belong to one session: the same, or one of them names none. */
export function sharesSession(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

/** The user's turn beside which a call runs: of the same session first, else the one that opened last. */
export function turnBeside(call: Call): Turn | undefined {
  const { sessionId } = call.view;
  const isOwn = (turn: Turn): boolean => sessionId !== undefined && turn.conversation.sessionId === sessionId;
  let found: Turn | undefined;
  for (const turn of call.agent.turns) {
    if (turn.state !== 'open' || !sharesSession(sessionId, turn.conversation.sessionId)) continue;
    if (!found || (isOwn(turn) && !isOwn(found)) || turn.start >= found.start) found = turn;
  }
  return found && topmost(found);
}

/** Whether a call that waits belongs to the turn that another call opens now. */
export function isBeside(call: Call, opener: Call, turn: Turn): boolean {
  if (turn.parentTool || !sharesSession(call.view.sessionId, turn.conversation.sessionId)) return false;
  return call.isSide || !call.view.isChat || opener.view.hasTools || opener.view.model !== call.view.model;
}

/** The user's turn above a turn of a sub-agent in the same process. */
function topmost(turn: Turn): Turn {
  let top = turn;
  while (top.parentTool && top.parentTool.agent === top.agent) top = top.parentTool.turn;
  return top;
}
