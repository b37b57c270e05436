import {
  type AiRequestData,
  type AiResponseData,
  type ExecData,
  type ForkData,
  isEvent,
  type OispEvent,
  type ToolCallData,
  type ToolResultData,
} from '../../core/index.ts';
import { AgentSteps } from './agent-steps.ts';
import type { Claim } from './claim.ts';
import { Conversations } from './conversations.ts';
import { Effects } from './effects.ts';
import { nearestExec } from './evidence.ts';
import { Heap } from './heap.ts';
import { McpCalls } from './mcp-calls.ts';
import { OpenCalls } from './open-calls.ts';
import { effectKeys, OpenTools } from './open-tools.ts';
import { type CorrelateOptions, SECOND } from './options.ts';
import { Output } from './output.ts';
import { agentAbove, inherit, Processes } from './processes.ts';
import { RecentIds } from './recent-ids.ts';
import { Requests } from './requests.ts';
import { hostIdOf, resourceOf, serviceName } from './service.ts';
import { isDerivedSession, Sessions } from './sessions.ts';
import type { Agent, Conversation, Effect, ExecState, Proc } from './state.ts';
import { Tasks } from './tasks.ts';
import { Timeline } from './timeline.ts';
import { Tools } from './tools.ts';
import type { TurnHost } from './turn-host.ts';
import { Turns } from './turns.ts';
import { lacksRequest } from './unseen.ts';

interface Waiting {
  readonly at: number;
  readonly rank: number;
  readonly event: OispEvent;
  readonly claim: Claim;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: (at: number) => void;
}

/** At one moment: children begin before they act, requests come before their tools, tools before the answer's end. */
const RANKS: Readonly<Record<string, number>> = {
  'process.fork': 0,
  'process.exec': 1,
  'ai.request': 2,
  'agent.tool_result': 3,
  'agent.tool_call': 5,
  'ai.response': 6,
  'process.exit': 9,
};

/** Events between two looks at what can be let go: at least so many, and so many as there are things to look at. */
const SWEEP_EVERY = 1024;
/** What a look at a full table makes room for: a tenth, so that the next one is far. */
const KEPT_SHARE = 0.9;
/** Bounds that no config names. */
export const LIMITS = {
  /** Events that wait for their time window; beyond, the oldest are handled early. */
  waiting: 250_000,
} as const;
/** Looks for silent turns per idle timeout. */
const IDLE_CHECKS = 30;
/** How long a process that ended stays known: its last events may come a little late. */
const AFTERLIFE_NS = 5 * SECOND;

/** How long input is kept in which a program began: it may turn out to be an agent, and its arguments name it. */
const NEWCOMER_NS = 60 * SECOND;
const MAX_NEWCOMERS = 10_000;

/** All correlation state of one host, driven by event time. */
export class HostState implements TurnHost {
  readonly options: CorrelateOptions;
  readonly #count: (name: string, n?: number) => void;
  readonly #failed: (event: OispEvent | undefined, error: unknown) => void;
  readonly #limits: Readonly<Record<keyof typeof LIMITS, number>>;
  readonly #timeline = new Timeline();
  readonly #waiting = new Heap<Waiting>(
    (a, b) =>
      a.at < b.at || (a.at === b.at && (a.rank < b.rank || (a.rank === b.rank && a.event.event_id < b.event.event_id))),
  );
  readonly #timers = new Heap<Timer>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  readonly #recent = new RecentIds();
  readonly #processes = new Processes();
  readonly #agents = new Map<string, Agent>();
  readonly sessions: Sessions;
  readonly #conversations = new Conversations();
  readonly commands = new OpenTools((keys) => [keys.commands ?? []]);
  readonly #turns: Turns;
  readonly #requests: Requests;
  readonly #tools: Tools;
  readonly #effects: Effects;
  readonly #steps: AgentSteps;
  readonly #mcp: McpCalls;
  /** Programs that began lately outside any agent, in order. */
  readonly #newcomers = new Map<Proc, { readonly at: number; readonly claim: Claim }>();
  out: Output;
  #timerOrder = 0;
  #highest = Number.NEGATIVE_INFINITY;
  #now = Number.NEGATIVE_INFINITY;
  #untilSweep = SWEEP_EVERY;
  #nextIdleCheck = Number.NEGATIVE_INFINITY;

  constructor(
    options: CorrelateOptions,
    count: (name: string, n?: number) => void,
    failed: (event: OispEvent | undefined, error: unknown) => void,
    limits: Readonly<Record<keyof typeof LIMITS, number>> = LIMITS,
  ) {
    this.options = options;
    this.out = new Output(options);
    this.sessions = new Sessions(this);
    this.#count = count;
    this.#failed = failed;
    this.#limits = limits;
    const calls = new OpenCalls();
    const tasks = new Tasks();
    this.#turns = new Turns(this, calls, tasks);
    this.#requests = new Requests(this, this.#turns, calls, this.#conversations, tasks);
    this.#tools = new Tools(this, this.#turns, calls, this.#requests);
    this.#effects = new Effects(this, this.#turns);
    this.#mcp = new McpCalls(this, this.#processes, this.#effects);
    this.#steps = new AgentSteps(this, this.#turns, calls);
  }

  get agents(): Iterable<Agent> {
    return this.#agents.values();
  }

  /** Open turns and known conversations, for the gauges. */
  get sizes(): {
    readonly turns: number;
    readonly conversations: number;
    readonly processes: number;
    readonly waiting: number;
  } {
    let turns = 0;
    for (const agent of this.#agents.values()) turns += agent.turns.size;
    return {
      turns,
      conversations: this.#conversations.size,
      processes: this.#processes.size,
      waiting: this.#waiting.size,
    };
  }

  count(name: string, n?: number): void {
    this.#count(name, n);
  }

  after(at: number, run: (at: number) => void): void {
    this.#timers.push({ at, order: this.#timerOrder++, run });
  }

  /** Takes one event; it is handled when the window has passed it. */
  push(event: OispEvent, claim: Claim): void {
    const at = this.#timeline.at(event);
    if (at === undefined) {
      this.#count('oisp_correlate_untimed_events');
      this.out.event(event, claim);
      return;
    }
    if (!this.#recent.add(event.event_id)) {
      // delivered twice, as sources may: one span for it is enough
      this.#count('oisp_correlate_repeated_events');
      this.out.event(event, claim);
      return;
    }
    if (at > this.#highest) this.#highest = at;
    claim.hold();
    this.#waiting.push({ at, rank: RANKS[event.event_type] ?? 4, event, claim });
    this.#advance(this.#highest - this.options.windowNs);
    if (this.#waiting.size > this.#limits.waiting) this.#hurry();
  }

  /** More events wait than may: the oldest do not wait for the window. */
  #hurry(): void {
    const before = this.#waiting.size;
    this.#advance(this.#waiting.peek()?.at ?? this.#highest);
    this.#count('oisp_correlate_early_events', before - this.#waiting.size);
  }

  /** Event time goes on although nothing happened: `ns` after the latest event. */
  silent(ns: number): void {
    if (this.#highest === Number.NEGATIVE_INFINITY) return;
    const at = this.#highest + ns - this.options.windowNs;
    this.#advance(at);
    this.#checkIdle(at);
  }

  #checkIdle(at: number): void {
    if (at < this.#nextIdleCheck) return;
    this.#nextIdleCheck = at + this.options.idleNs / IDLE_CHECKS;
    this.#closeIdle(at);
  }

  /** The input is at its end: everything is decided and closed. */
  drain(reason: string): void {
    this.#advance(Number.POSITIVE_INFINITY, this.#highest);
    this.#effects.drain();
    const agents = [...this.#agents.values()];
    for (const agent of agents) this.#guarded(() => this.#requests.processEnded(agent, this.#highest, reason));
    for (const agent of agents) this.#guarded(() => this.#letGo(agent, reason));
    for (const proc of this.#newcomers.keys()) this.#dismiss(proc);
  }

  takeOutput(): Output {
    const { out } = this;
    this.out = new Output(this.options);
    return out;
  }

  #advance(watermark: number, lastTimer = watermark): void {
    for (;;) {
      const next = this.#waiting.peek();
      const timer = this.#timers.peek();
      if (timer && timer.at <= lastTimer && (!next || timer.at <= next.at)) {
        this.#timers.pop();
        this.#guarded(() => timer.run(timer.at));
      } else if (next && next.at <= watermark) {
        this.#waiting.pop();
        this.#guarded(() => this.#handle(next), next.event);
        next.claim.release();
      } else return;
    }
  }

  /** No event ends the process: one that this code has no answer to is counted, and the rest goes on. */
  #guarded(step: () => void, event?: OispEvent): void {
    try {
      step();
    } catch (error) {
      this.#failed(event, error);
    }
  }

  #handle({ at, event, claim }: Waiting): void {
    if (at < this.#now) this.#count('oisp_correlate_late_events');
    else this.#now = at;
    if (--this.#untilSweep <= 0) this.#sweep(at);
    this.#checkIdle(at);
    this.#forgetNewcomers(at - NEWCOMER_NS);
    const proc = this.#processes.of(event.process, at);
    if (!proc) {
      this.out.event(event, claim);
      return;
    }
    if (isEvent(event, 'ai.request')) {
      const agent = this.#agentOf(proc, event, claim);
      this.#effects.asks(agent, event);
      this.#requests.request(agent, event as OispEvent<AiRequestData>, at, claim);
    } else if (isEvent(event, 'ai.response')) {
      const agent = this.#answererOf(proc, event, claim);
      if (agent) {
        this.#requests.response(agent, event as OispEvent<AiResponseData>, at, claim);
        this.#effects.reconsider(agent, 'any');
      } else this.out.event(event, claim);
    } else if (isEvent(event, 'agent.tool_call')) this.#toolCall(proc, event, at, claim);
    else if (isEvent(event, 'agent.tool_result')) this.#toolResult(proc, event, at, claim);
    else if (isEvent(event, 'agent.plan_step')) this.#steps.planStep(proc.agent, event, at, claim);
    else if (isEvent(event, 'agent.rag_retrieve')) this.#steps.retrieval(agentAbove(proc), event, at, claim);
    else if (event.event_type === 'agent.session' && event.attrs?.['oisp.mcp'] === true)
      this.#mcp.session(event, claim);
    else if (isDerivedSession(event)) this.#count('oisp_correlate_remade_events');
    else this.#system({ event, at, claim, proc });
  }

  /** The agent that an answer goes to. One whose request was not captured may be the first that is seen of it. */
  #answererOf(proc: Proc, event: OispEvent, claim: Claim): Agent | undefined {
    return lacksRequest(event) ? this.#agentOf(proc, event, claim) : proc.agent;
  }

  #agentOf(proc: Proc, event: OispEvent, claim: Claim): Agent {
    if (proc.agent) {
      const known = proc.agent;
      if (!known.claimed) {
        known.claim = claim;
        known.claimed = true;
        claim.hold();
      }
      this.#agents.set(known.key, known);
      return known;
    }
    inherit(proc);
    const service = serviceName(event, proc);
    const first = this.#newcomers.get(proc)?.claim ?? claim;
    const agent: Agent = {
      key: `${hostIdOf(event)} ${proc.pid} ${proc.startTime ?? ''}`,
      proc,
      resource: resourceOf(service, event, proc, this.options),
      service,
      hostId: hostIdOf(event),
      conversations: new Set(),
      turns: new Set(),
      pending: new Set(),
      models: new Set(),
      mainModels: new Set(),
      hasToolUse: false,
      isShared: false,
      open: new OpenTools(effectKeys),
      asking: new Set(),
      strays: new Set(),
      current: undefined,
      ownHosts: new Set(proc.hosts),
      seesOpens: false,
      uses: 0,
      claim: first,
      claimed: true,
      lastAt: this.#now,
      outer: outerOf(proc),
    };
    first.hold();
    proc.agent = agent;
    this.#agents.set(agent.key, agent);
    return agent;
  }

  // ---------------------------------------------------------------- tools, MCP
  #toolCall(proc: Proc, event: OispEvent<ToolCallData>, at: number, claim: Claim): void {
    if (event.attrs?.['oisp.mcp'] === true) {
      this.#mcp.call(proc, event, at, claim);
      return;
    }
    const agent = this.#answererOf(proc, event, claim);
    if (agent) {
      this.#tools.toolCall(agent, event, at, claim);
      this.#effects.reconsider(agent, 'named');
    } else this.out.event(event, claim);
  }

  #toolResult(proc: Proc, event: OispEvent<ToolResultData>, at: number, claim: Claim): void {
    const agent = proc.agent;
    if (event.attrs?.['oisp.mcp'] === true) this.#mcp.answer(event, at, claim);
    else if (agent) {
      const tool = this.#tools.answeredBy(agent, event);
      if (tool) this.#effects.ending(tool);
      this.#tools.toolResult(agent, event, at, claim);
    } else this.out.event(event, claim);
  }

  // ---------------------------------------------------------------- the operating system's events
  #system(effect: Effect): void {
    const { event, proc, at, claim } = effect;
    if (isEvent(event, 'process.fork')) {
      const { child_pid, is_thread } = event.data as ForkData;
      if (is_thread !== true) this.#processes.forked(proc, child_pid, at);
      this.out.event(event, claim);
    } else if (isEvent(event, 'process.exec')) {
      this.#processes.exec(proc, event.data as ExecData);
      if (!agentAbove(proc)) this.#welcome(proc, at, claim);
      this.#effects.exec(effect);
    } else if (isEvent(event, 'process.exit')) {
      this.#effects.exit(event, proc, at, effect);
      this.#processes.exited(proc);
      this.#dismiss(proc);
      if (proc.agent) {
        const { agent } = proc;
        this.#requests.processEnded(agent, at, 'process_exit');
        this.#letGo(agent);
      }
    } else if (event.event_type.startsWith('file.')) this.#effects.file(effect);
    else if (event.event_type === 'network.connect' || event.event_type === 'network.dns')
      this.#effects.network(effect);
    else this.out.event(event, claim);
  }

  // ---------------------------------------------------------------- bounds
  #closeIdle(at: number): void {
    this.#turns.closeIdle(at);
    this.sessions.closeIdle(at);
  }

  #welcome(proc: Proc, at: number, claim: Claim): void {
    if (this.#newcomers.has(proc)) return;
    claim.hold();
    this.#newcomers.set(proc, { at, claim });
  }

  #dismiss(proc: Proc): void {
    this.#newcomers.get(proc)?.claim.release();
    this.#newcomers.delete(proc);
  }

  #forgetNewcomers(before: number): void {
    for (const [proc, { at }] of this.#newcomers) {
      if (at >= before && this.#newcomers.size <= MAX_NEWCOMERS) return;
      this.#dismiss(proc);
    }
  }

  released(agent: Agent): void {
    if (agent.proc.exited) this.#letGo(agent);
  }

  #letGo(agent: Agent, reason = 'process_exit'): void {
    if (agent.turns.size > 0 || agent.pending.size > 0 || this.#agents.get(agent.key) !== agent) return;
    this.sessions.left(agent, this.#now, reason);
    if (agent.claimed) {
      agent.claimed = false;
      this.out.keep(agent.claim);
      agent.claim.release();
    }
    for (const conversation of agent.conversations) this.#conversations.ended(conversation);
    agent.conversations.clear();
    this.#agents.delete(agent.key);
    if (agent.proc.exited) agent.proc.agent = undefined;
  }

  #sweep(at: number): void {
    const { idleNs, maxConversations, maxProcesses } = this.options;
    let conversations = 0;
    for (const agent of this.#agents.values()) {
      conversations += agent.conversations.size;
      if (agent.turns.size === 0 && agent.pending.size === 0 && agent.claimed && at - agent.lastAt > idleNs) {
        // its state stays, but reading on after a crash does not go back to its beginning
        this.sessions.closeIdleOf(agent, at);
        agent.claimed = false;
        agent.claim.release();
      }
    }
    if (this.#agents.size > maxConversations) this.#evictAgents(this.#agents.size - maxConversations * KEPT_SHARE, at);
    if (conversations > maxConversations) this.#evictConversations(conversations - maxConversations * KEPT_SHARE);
    this.#mcp.sweep();
    this.#processes.sweep(at - AFTERLIFE_NS, (proc) => !proc.exited);
    if (this.#processes.size > maxProcesses) {
      const isNeeded = (proc: Proc): boolean => proc.agent !== undefined;
      let gone = this.#processes.sweep(at - idleNs, isNeeded);
      if (this.#processes.size > maxProcesses)
        gone += this.#processes.evict(this.#processes.size - maxProcesses * KEPT_SHARE, isNeeded);
      this.#count('oisp_correlate_evicted_processes', gone);
    }
    const size = this.#agents.size + this.#processes.size + this.#conversations.size;
    const room = Math.min(maxProcesses - this.#processes.size, maxConversations - this.#conversations.size);
    this.#untilSweep = Math.max(SWEEP_EVERY, Math.min(size, room));
  }

  /** Lets go of the agents that were silent longest: those without anything under way first. */
  #evictAgents(n: number, at: number): void {
    for (const agent of silentLongest(this.#agents.values(), n, (a) => a.turns.size > 0 || a.pending.size > 0)) {
      this.#guarded(() => this.#requests.processEnded(agent, at, 'evicted'));
      agent.proc.agent = undefined;
      this.#letGo(agent, 'evicted');
      this.#count('oisp_correlate_evicted_agents');
    }
  }

  /** The same for conversations; a turn that goes on ends there. */
  #evictConversations(n: number): void {
    const all = [...this.#agents.values()].flatMap((agent) => [...agent.conversations]);
    const isWaiting = ({ agent, lastCall }: Conversation): boolean =>
      lastCall !== undefined && agent.pending.has(lastCall);
    const settled = all.filter((conversation) => !isWaiting(conversation));
    let gone = 0;
    for (const conversation of silentLongest(settled, n, ({ turn }) => turn !== undefined)) {
      const { turn } = conversation;
      if (turn) this.#guarded(() => this.#turns.abandon(turn, turn.lastAt, 'evicted'));
      this.#requests.forget(conversation);
      gone++;
    }
    this.#count('oisp_correlate_evicted_conversations', gone);
  }
}

/** The `n` that were silent longest; the busy ones only where the others are too few. */
function silentLongest<T extends { readonly lastAt: number }>(
  items: Iterable<T>,
  n: number,
  isBusy: (item: T) => boolean,
): T[] {
  const ranked = [...items].map((item) => ({ item, busy: isBusy(item) ? 1 : 0, at: item.lastAt }));
  ranked.sort((a, b) => a.busy - b.busy || a.at - b.at);
  return ranked.slice(0, Math.ceil(n)).map(({ item }) => item);
}

/** The program of a tool in which a process speaks to models: its own, or the one that it was forked from. */
function outerOf(proc: Proc): ExecState | undefined {
  const exec = proc.tool && nearestExec(proc);
  return exec && exec.tool === proc.tool ? exec : undefined;
}
