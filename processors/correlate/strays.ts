import { matchOf, spanId } from '../../core/index.ts';
import { type Cause, causeOfExec, nearestExec, settle } from './evidence.ts';
import type { Placing } from './placing.ts';
import { feeder } from './processes.ts';
import { execSpan } from './spans.ts';
import type { Agent, Effect, ExecState, StrayTree, ToolState, Turn } from './state.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';

/** Of one agent, that may still find their tool. */
const MAX_UNDECIDED = 256;
/** Events of one tree that wait for the trace in which it will lie. */
const MAX_NOTES = 256;

/**
 * Programs of an agent that no tool explains yet. They wait with all they do until a tool call becomes known that names them, until they
 * turn out to be an MCP server, or until their turn ends and they are a finding.
 */
export class Strays {
  readonly #host: TurnHost;
  readonly #turns: Turns;
  readonly #placing: Placing;

  constructor(host: TurnHost, turns: Turns, placing: Placing) {
    this.#host = host;
    this.#turns = turns;
    this.#placing = placing;
  }

  /** A program that nothing explains: the root of a new tree, or below one. */
  add(effect: Effect, turn: Turn, tree: StrayTree | undefined): void {
    const { proc, event, at } = effect;
    const parent = tree ? (nearestExec(proc)?.spanId ?? tree.root.spanId) : turn.spanId;
    if (tree && tree.execs.length >= this.#host.options.maxPerTool) {
      proc.stray = tree;
      this.#fold(effect, tree, parent);
      return;
    }
    const exec: ExecState = {
      event,
      proc,
      // what has no span of its own lies under the one above
      spanId: turn.state === 'closed' ? parent : spanId('exec', event.event_id),
      start: at,
      end: undefined,
      exit: undefined,
      parentSpanId: parent,
      turn,
      tool: undefined,
      rule: 'unexplained',
      confidence: 'low',
      exported: false,
      before: proc.exec,
      fold: undefined,
    };
    proc.exec = exec;
    let stray = tree;
    if (!stray) {
      stray = this.#tree(turn, exec);
      turn.strays.push(stray);
    }
    proc.stray = stray;
    stray.execs.push(exec);
    if (turn.state === 'closed') {
      exec.exported = true;
      this.#placing.note(effect, { traceId: turn.traceId, spanId: parent, late: true });
    } else this.note(effect, stray, exec.spanId);
  }

  /** An event of such a tree goes on with the trace that the tree comes to lie in. */
  note(effect: Effect, stray: StrayTree, spanId: string): void {
    const { turn } = stray;
    if (!turn.agent.strays.has(stray) || stray.notes.length >= MAX_NOTES) {
      this.#placing.note(effect, { traceId: turn.traceId, spanId });
      return;
    }
    effect.claim.hold();
    stray.notes.push({ effect, spanId });
  }

  #tree(turn: Turn, root: ExecState): StrayTree {
    const { agent } = turn;
    const asking = new Set(agent.asking);
    const now = agent.open.size > 1 ? causeOfExec(agent, matchOf(root.event) ?? {}, 'any') : undefined;
    const tree: StrayTree = {
      turn,
      root,
      held: [],
      notes: [],
      more: new Map(),
      asking,
      isUnclear: agent.open.size > 1 && now === undefined,
      server: undefined,
      execs: [],
      adopted: undefined,
    };
    if (agent.strays.size < MAX_UNDECIDED) agent.strays.add(tree);
    else this.#host.count('oisp_correlate_evicted_effects');
    return tree;
  }

  /** What a program of such a tree does waits with it. */
  hold(effect: Effect, stray: StrayTree, kind: 'file' | 'network'): void {
    const { turn } = stray;
    const parent = nearestExec(effect.proc)?.spanId ?? stray.root.spanId;
    const place = { traceId: turn.traceId, spanId: parent };
    if (turn.state === 'closed') this.#placing.note(effect, { ...place, late: true });
    else if (effect.event.event_type === 'file.open' || effect.event.event_type === 'file.close')
      this.#placing.note(effect, place);
    else if (stray.held.length < this.#host.options.maxPerTool) {
      // goes on once: when a tool call takes the tree, or when the turn ends
      stray.held.push({ kind, effect, parent });
      effect.claim.hold();
    } else this.#fold(effect, stray, parent);
  }

  /** Beyond the cap it is only counted, with its kind. */
  #fold(effect: Effect, stray: StrayTree, parent: string): void {
    const { turn } = stray;
    const place = { traceId: turn.traceId, spanId: parent };
    if (turn.state === 'closed') {
      this.#placing.note(effect, { ...place, late: true });
      return;
    }
    const { event, at } = effect;
    const more = stray.more.get(event.event_type);
    if (more) {
      more.count++;
      more.end = at;
    } else stray.more.set(event.event_type, { first: effect, count: 1, end: at });
    this.#placing.note(effect, place);
  }

  /** Tool calls became known: programs that ran ahead of them find their place. */
  reconsider(agent: Agent, when: 'named' | 'any'): void {
    for (const stray of agent.strays) {
      const isReady = !isWaiting(stray, agent);
      const cause = stray.server ? undefined : this.#causeOf(stray, agent, isReady ? 'any' : 'named');
      if (cause) this.#adopt(stray, cause);
      else if (stray.server || (isReady && when === 'any' && agent.pending.size === 0))
        this.#decided(stray, stray.turn);
    }
  }

  /** A tool call ends now: what could only be its own does not wait for answers that are still on their way. */
  ending(tool: ToolState): void {
    const { agent } = tool;
    for (const stray of agent.strays) {
      if (stray.server || stray.root.start < tool.call.at) continue;
      const cause = this.#causeOf(stray, agent, 'any');
      if (cause?.tool === tool) this.#adopt(stray, cause);
    }
  }

  /**
   * A turn ends that such programs were counted to. In a process of several conversations that may be another's: one that still waits for an answer
   * goes on to a turn that is open, unless it began in this turn's own folder.
   */
  finishing(turn: Turn): void {
    const { agent } = turn;
    for (const stray of [...turn.strays]) {
      if (!agent.strays.has(stray)) continue;
      if (stray.server) {
        this.#decided(stray, turn);
        continue;
      }
      const keys = matchOf(stray.root.event) ?? {};
      const cause = this.#causeOf(stray, agent, 'any');
      if (cause?.rule === 'argument') this.#adopt(stray, cause);
      else if (isWaiting(stray, agent) && !keys.cwds?.some((at) => turn.places.has(at))) this.#move(stray, turn);
      if (agent.strays.has(stray) && stray.turn === turn) this.#decided(stray, turn);
    }
  }

  /** It is known in which turn it lies. */
  #decided(stray: StrayTree, { traceId, agent }: Turn): void {
    agent.strays.delete(stray);
    stray.turn.agent.strays.delete(stray);
    for (const { effect, spanId } of stray.notes.splice(0)) {
      this.#placing.note(effect, { traceId, spanId: stray.server ? stray.root.spanId : spanId });
      effect.claim.release();
    }
  }

  #move(stray: StrayTree, from: Turn): void {
    const to = from.agent.asking.values().next().value?.turn;
    if (to === undefined || to === from || to.state === 'closed') return;
    from.strays.splice(from.strays.indexOf(stray), 1);
    to.strays.push(stray);
    stray.turn = to;
    stray.root.parentSpanId = to.spanId;
    for (const exec of stray.execs) exec.turn = to;
  }

  #causeOf(stray: StrayTree, agent: Agent, when: 'named' | 'any'): Cause | undefined {
    const { root } = stray;
    const isFed = root.proc.parent !== undefined && feeder(root.proc.parent) !== undefined;
    const cause = causeOfExec(agent, matchOf(root.event) ?? {}, when, isFed);
    if (!cause || root.start < cause.tool.call.at) return undefined;
    return stray.isUnclear && cause.rule !== 'argument' ? undefined : cause;
  }

  #adopt(stray: StrayTree, cause: Cause): void {
    const { tool } = cause;
    const { turn } = tool;
    stray.adopted = tool;
    stray.turn.strays.splice(stray.turn.strays.indexOf(stray), 1);
    this.#decided(stray, turn);
    this.#placing.touched(tool, stray.root.start);
    if (cause.rule === 'argument') tool.explained = true;
    const fed = stray.root.proc.parent && feeder(stray.root.proc.parent);
    if (fed) fed.fedBy = tool;
    for (const exec of stray.execs) {
      const isRoot = exec === stray.root;
      exec.tool = tool;
      exec.turn = turn;
      exec.rule = isRoot ? cause.rule : 'process_tree';
      exec.confidence = isRoot ? cause.confidence : 'high';
      if (isRoot) exec.parentSpanId = tool.spanId;
      settle(exec.proc);
      tool.counts.process++;
      if (isRoot) {
        tool.matched ??= exec;
        if (exec.end === undefined) this.#placing.begin(tool, exec);
        else if (tool.end === undefined) {
          tool.end = exec.end;
          tool.endSource = 'process_exit';
        }
      }
      if (exec.end === undefined) turn.running.add(exec);
      else {
        exec.exported = true;
        this.#turns.emit(turn, execSpan(exec, exec.end, undefined));
      }
    }
    const below: Cause = { tool, rule: 'process_tree', confidence: 'high' };
    for (const { kind, effect } of stray.held) {
      if (kind === 'file') this.#placing.file(effect, below);
      else this.#placing.network(effect, below);
      effect.claim.release();
    }
    stray.held.length = 0;
    for (const [type, more] of stray.more) this.#placing.folded(tool, type, more);
    stray.more.clear();
  }
}

/** Whether a model call that was under way when the tree began may still ask for it. */
function isWaiting(stray: StrayTree, agent: Agent): boolean {
  for (const call of stray.asking) if (agent.asking.has(call)) return true;
  return false;
}
