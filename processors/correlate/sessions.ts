import { eventId, formatNanos, type OispEvent, type SpanRecord } from '../../core/index.ts';
import type { Claim } from './claim.ts';
import type { Output } from './output.ts';
import type { Agent, Turn } from './state.ts';
import type { Anchor } from './timeline.ts';

/** Marks the `agent.session` events that are made here: read back, they are made again and not handed on twice. */
const DERIVED = 'oisp.session.derived';

/** What sessions need of their host. */
export interface SessionHost {
  readonly options: { readonly idleNs: number; readonly maxConversations: number };
  readonly out: Output;
  count(name: string, n?: number): void;
}

interface Session {
  readonly key: string;
  /** The event that began it: the end repeats what it says of host, process and agent. */
  readonly start: OispEvent;
  readonly startedAt: number;
  /** The input that it began with, held until its end is told: a restart reads from there and makes the same ids. */
  readonly claim: Claim;
  /** Processes that take part. */
  readonly agents: Set<Agent>;
  anchor: Anchor;
  /** The root of its last turn. */
  root: { readonly trace_id: string; readonly span_id: string };
  openTurns: number;
  /** When its last turn opened. */
  openedAt: number;
  lastAt: number;
  readonly stats: Stats;
}

interface Stats {
  turns: number;
  calls: number;
  tools: number;
  filesRead: number;
  filesWritten: number;
  input: number;
  output: number;
  cost: number | undefined;
}

/** An `agent.session` of an earlier run, read back from a file. */
export function isDerivedSession(event: OispEvent): boolean {
  return event.event_type === 'agent.session' && event.attrs?.[DERIVED] === true;
}

/**
 * `agent.session` events: the start of a session with the first turn that is seen of it, the end when its processes ended or let go, when it was
 * silent for `idle_timeout`, or when there are too many. A session is what the agent's headers name, else the conversation; sub-agents and
 * agents that tools started belong to the session of the turn above them.
 */
export class Sessions {
  readonly #host: SessionHost;
  /** The ones whose turn opened longest ago first. */
  readonly #sessions = new Map<string, Session>();
  readonly #of = new WeakMap<Turn, Session>();
  readonly #byAgent = new Map<Agent, Set<Session>>();

  constructor(host: SessionHost) {
    this.#host = host;
  }

  /** A turn opens, `at` its first call. */
  opened(turn: Turn, at: number, claim: Claim): void {
    const above = turn.parentTool && this.#of.get(turn.parentTool.turn);
    const session = above ?? this.#sessionOf(turn, at, claim);
    this.#of.set(turn, session);
    session.openTurns++;
    session.lastAt = Math.max(session.lastAt, at);
    this.#join(turn.agent, session);
    if (above) return;
    session.stats.turns++;
    session.root = rootOf(turn);
    session.openedAt = at;
    session.anchor = turn.anchor;
    // the order of the map is that of the last turns
    this.#sessions.delete(session.key);
    this.#sessions.set(session.key, session);
  }

  /** A span of a turn has left. */
  span(turn: Turn, { name, attributes }: SpanRecord): void {
    const { stats } = this.#of.get(turn) ?? {};
    if (!stats) return;
    const of = (key: string): number => {
      const value = attributes.find((a) => a.key === key)?.value;
      return typeof value === 'number' ? value : 0;
    };
    const operation = attributes.find((a) => a.key === 'gen_ai.operation.name')?.value;
    if (operation === 'execute_tool') stats.tools++;
    else if (operation === undefined) {
      if (name.startsWith('file.read')) stats.filesRead += of('oisp.count') || 1;
      else if (name.startsWith('file.write')) stats.filesWritten += of('oisp.count') || 1;
    } else if (operation !== 'invoke_agent' && operation !== 'retrieval') {
      stats.calls++;
      stats.input += of('gen_ai.usage.input_tokens');
      stats.output += of('gen_ai.usage.output_tokens');
      const usd = of('oisp.cost.total_usd');
      if (usd > 0) stats.cost = Math.round(((stats.cost ?? 0) + usd) * 1e12) / 1e12;
    }
  }

  /** The root of a turn has left. */
  closed(turn: Turn): void {
    const session = this.#of.get(turn);
    if (!session) return;
    session.openTurns--;
    session.lastAt = Math.max(session.lastAt, turn.end);
  }

  /** Ends the sessions that were silent for too long. */
  closeIdle(at: number): void {
    for (const session of this.#sessions.values()) {
      if (session.openedAt + this.#host.options.idleNs > at) return;
      this.#endIdle(session, at);
    }
  }

  /** The same for those that one process takes part in. */
  closeIdleOf(agent: Agent, at: number): void {
    for (const session of this.#byAgent.get(agent) ?? []) this.#endIdle(session, at);
  }

  #endIdle(session: Session, at: number): void {
    const isIdle = session.openTurns === 0 && session.lastAt + this.#host.options.idleNs <= at;
    if (isIdle) this.#end(session, 'idle_timeout');
  }

  #join(agent: Agent, session: Session): void {
    session.agents.add(agent);
    const sessions = this.#byAgent.get(agent);
    if (sessions) sessions.add(session);
    else this.#byAgent.set(agent, new Set([session]));
  }

  /** A process that talks to models is gone; the sessions that no other takes part in end with it. */
  left(agent: Agent, at: number, reason: string): void {
    for (const session of this.#byAgent.get(agent) ?? []) {
      session.agents.delete(agent);
      if (reason === 'process_exit') session.lastAt = Math.max(session.lastAt, at);
      if (session.agents.size === 0) this.#end(session, reason);
    }
    this.#byAgent.delete(agent);
  }

  #sessionOf(turn: Turn, at: number, claim: Claim): Session {
    const key = turn.conversation.sessionId ?? turn.conversation.id;
    const known = this.#sessions.get(key);
    if (known) return known;
    const session: Session = {
      key,
      start: startOf(turn, key, at),
      startedAt: at,
      claim,
      agents: new Set(),
      anchor: turn.anchor,
      root: rootOf(turn),
      openTurns: 0,
      openedAt: at,
      lastAt: at,
      stats: { turns: 0, calls: 0, tools: 0, filesRead: 0, filesWritten: 0, input: 0, output: 0, cost: undefined },
    };
    claim.hold();
    this.#sessions.set(key, session);
    this.#host.out.event(session.start, claim);
    if (this.#sessions.size > this.#host.options.maxConversations) this.#evict(session);
    return session;
  }

  /** The one whose turn opened longest ago; `begun` is about to have its first. */
  #evict(begun: Session): void {
    for (const session of this.#sessions.values()) {
      if (session.openTurns > 0 || session === begun) continue;
      this.#host.count('oisp_correlate_evicted_sessions');
      this.#end(session, 'evicted');
      return;
    }
  }

  #end(session: Session, reason: string): void {
    this.#sessions.delete(session.key);
    for (const agent of session.agents) {
      const sessions = this.#byAgent.get(agent);
      sessions?.delete(session);
      if (sessions?.size === 0) this.#byAgent.delete(agent);
    }
    const { out } = this.#host;
    out.event(endOf(session, reason), session.claim);
    session.claim.release();
  }
}

const rootOf = ({ traceId, spanId }: Turn): Session['root'] => ({ trace_id: traceId, span_id: spanId });

/** `agent.session` with the action `start`, or `resume` for a conversation that ended a session before. */
function startOf(turn: Turn, key: string, at: number): OispEvent {
  const { opener, agent, conversation } = turn;
  const ts = formatNanos(turn.anchor.nanos(at));
  const { host, actor, process, app } = opener;
  return {
    oisp_version: opener.oisp_version,
    event_id: eventId(ts, 'agent.session', 'start', agent.hostId, opener.event_id),
    event_type: 'agent.session',
    ts,
    source: { collector: opener.source.collector },
    confidence: { level: 'inferred', completeness: 'full' },
    ...(host && { host }),
    ...(actor && { actor }),
    ...(process && { process }),
    ...(app && { app }),
    data: {
      action: turn.index > 0 ? 'resume' : 'start',
      session_id: key,
      agent: { name: agent.service, ...(app?.version !== undefined && { version: app.version }), session_id: key },
    },
    attrs: { [DERIVED]: true, 'gen_ai.conversation.id': conversation.id },
    trace_context: rootOf(turn),
  };
}

function endOf({ start, startedAt, lastAt, anchor, root, stats }: Session, reason: string): OispEvent {
  const ts = formatNanos(anchor.nanos(lastAt));
  const { agent, session_id } = start.data as { readonly agent: object; readonly session_id: string };
  return {
    ...start,
    event_id: eventId(ts, 'agent.session', 'end', start.event_id),
    ts,
    data: {
      action: 'end',
      session_id,
      agent,
      duration_ms: Math.round((lastAt - startedAt) / 1e6),
      stats: {
        llm_calls: stats.calls,
        tool_calls: stats.tools,
        files_read: stats.filesRead,
        files_written: stats.filesWritten,
        tokens_used: stats.input + stats.output,
        ...(stats.cost !== undefined && { estimated_cost_usd: stats.cost }),
        turns: stats.turns,
        input_tokens: stats.input,
        output_tokens: stats.output,
      },
    },
    attrs: { ...start.attrs, 'oisp.session.end_reason': reason },
    trace_context: root,
  };
}
