import type { Key } from '../../core/index.ts';
import { overlap } from './evidence.ts';
import type { RequestView } from './request.ts';
import type { Agent, Call, Conversation, Turn } from './state.ts';

/** Open turns of one process among which the owner of a side call is looked for. */
const MAX_TURNS = 1024;
/** An answer this short cannot be part of a conversation. */
const TINY_ANSWER = 16;

/** Tools of a call that only asks for an answer of a certain form. */
const FEW_TOOLS = 2;

/**
 * Whether a first request is one that agents make beside the conversation: titles, quota probes, spinners, summaries, looks into pages. Without
 * tools, and either tiny, or of such a shape, or to a small model, or while a turn of an agent with another system prompt is open; to a small
 * model also with a tool or two that no conversation has. `maybe`: a small model alone in its process, which may as well be a chat.
 */
export function sideKindOf(call: Call): 'yes' | 'maybe' | 'no' {
  const { view, agent } = call;
  if (!view.isFresh || view.keys.shape === 'continued') return 'no';
  const isDuring = agent.turns.size > 0 && !agent.isShared && isForeignTo(call);
  if (view.hasTools) return isDuring && view.isSmallModel && view.tools <= FEW_TOOLS ? 'yes' : 'no';
  if (view.maxTokens !== undefined && view.maxTokens <= TINY_ANSWER) return 'yes';
  const company = hasCompany(agent, view);
  if (view.keys.shape !== undefined && (company || view.isSmallModel)) return 'yes';
  if (isDuring) return 'yes';
  if (!view.isSmallModel || agent.mainModels.has(view.model)) return 'no';
  return company && !agent.isShared ? 'yes' : 'maybe';
}

/** Whether all open turns are of agents with tools, and neither system prompt nor tools are theirs. */
function isForeignTo({ agent, view }: Call): boolean {
  for (const { conversation } of agent.turns) {
    if (conversation.tools === undefined || conversation.tools === view.keys.tools) return false;
    if (conversation.system === view.keys.system) return false;
  }
  return true;
}

/**
 * Whether a request that holds the history of a conversation is not its next one but asks something about it: who speaks next, a summary, a
 * suggestion. Those bring words of the agent's own, no results and, where the conversation has tools, none.
 */
export function isAside({ view }: Call, conversation: Conversation): boolean {
  if (view.isFresh || view.results.length > 0) return false;
  const { shape } = view.keys;
  if (shape !== undefined && shape !== 'continued') return true;
  if (view.hasTools || conversation.tools === undefined) return false;
  const model = conversation.lastCall?.view.model;
  return view.keys.system !== conversation.system || (model !== undefined && model !== view.model);
}

/** Whether the process holds an agent beside which such a call makes sense: one with tools, or one that speaks to another model. */
function hasCompany(agent: Agent, view: RequestView): boolean {
  if (agent.hasToolUse) return true;
  for (const model of agent.models) if (model !== view.model && model !== '') return true;
  return false;
}

/** The user's turn beside which a call runs: the one whose words it repeats, else one of its session, else the one that opened last. */
export function turnBeside(call: Call): Turn | undefined {
  const { agent } = call;
  if (agent.turns.size > MAX_TURNS) return undefined;
  let found: Turn | undefined;
  let most = -1;
  for (const turn of agent.turns) {
    if (turn.state !== 'open') continue;
    const rank = belonging(call, turn);
    if (rank === undefined || rank < most || (rank === most && found && turn.start < found.start)) continue;
    found = turn;
    most = rank;
  }
  return found && topmost(found);
}

/** Whether a call that waits belongs to the turn that another call opens now. */
export function isBeside(call: Call, opener: Call, turn: Turn): boolean {
  if (turn.parentTool || belonging(call, turn) === undefined) return false;
  return call.isSide || !call.view.isChat || opener.view.hasTools || opener.view.model !== call.view.model;
}

/** How much says that a call was made beside a turn; undefined where it cannot be told whose it is. */
function belonging({ view, agent }: Call, turn: Turn): number | undefined {
  const { sessionId } = turn.conversation;
  // an agent that names its session names it in every call
  if (view.sessionId !== sessionId) return undefined;
  const words = said(view.keys.lines, turn);
  if (words > 0) return 1000 + words;
  if (sessionId !== undefined) return 1;
  return agent.isShared ? undefined : 0;
}

function said(lines: readonly Key[] | undefined, turn: Turn): number {
  return overlap(lines, turn.asked) + overlap(lines, turn.answered);
}

/** The user's turn above a turn of a sub-agent in the same process. */
function topmost(turn: Turn): Turn {
  let top = turn;
  while (top.parentTool && top.parentTool.agent === top.agent) top = top.parentTool.turn;
  return top;
}
