import { type Key, type MatchKeys, matchOf } from '../../core/index.ts';
import { type Cause, latest } from './evidence.ts';
import { fileCause, hostCause, isRedirect } from './named.ts';
import { SECOND } from './options.ts';
import type { Placing } from './placing.ts';
import { agentAbove } from './processes.ts';
import type { Agent, Effect, Proc, ToolState, Turn } from './state.ts';
import type { TurnHost } from './turn-host.ts';

/** How long what an agent did itself waits for the rename or the tool call that tells what it was for. */
const WAIT = 5 * SECOND;
const MAX_WAITING = { agent: 1024, host: 16_384 } as const;
const MAX_OWN_HOSTS = 512;

/** What one agent did and nothing explains yet. */
interface Waiting {
  readonly all: Map<string, Effect>;
  /** Ids by process and path key. */
  readonly byPath: Map<string, Set<string>>;
}

/** What agent processes do themselves and no argument names: it waits a little for its reason, then it is housekeeping. */
export class OwnEffects {
  readonly #host: TurnHost;
  readonly #placing: Placing;
  readonly #waiting = new Map<Agent, Waiting>();
  #size = 0;

  constructor(host: TurnHost, placing: Placing) {
    this.#host = host;
    this.#placing = placing;
  }

  /** Keeps an effect until it is known what it was for. `path`: match key of its file. */
  wait(effect: Effect, agent: Agent, path: Key | undefined): void {
    const { proc, at, event } = effect;
    let waiting = this.#waiting.get(agent);
    if (this.#size >= MAX_WAITING.host || (waiting && waiting.all.size >= MAX_WAITING.agent)) {
      this.#host.count('oisp_correlate_evicted_effects');
      this.#giveUp(effect);
      return;
    }
    if (!waiting) {
      waiting = { all: new Map(), byPath: new Map() };
      this.#waiting.set(agent, waiting);
    }
    const id = event.event_id;
    waiting.all.set(id, effect);
    this.#size++;
    if (path !== undefined) {
      const place = placeOf(proc, path);
      const ids = waiting.byPath.get(place) ?? new Set();
      waiting.byPath.set(place, ids.add(id));
    }
    effect.claim.hold();
    this.#host.after(at + WAIT, () => {
      if (!this.#take(agent, effect)) return;
      this.#giveUp(effect);
      effect.claim.release();
    });
  }

  /** Lets an effect go that waited; false when it did no longer. */
  #take(agent: Agent, effect: Effect): boolean {
    const waiting = this.#waiting.get(agent);
    const id = effect.event.event_id;
    if (!waiting?.all.delete(id)) return false;
    this.#size--;
    for (const path of matchOf(effect.event)?.paths ?? []) {
      const place = placeOf(effect.proc, path);
      const ids = waiting.byPath.get(place);
      ids?.delete(id);
      if (ids?.size === 0) waiting.byPath.delete(place);
    }
    if (waiting.all.size === 0) this.#waiting.delete(agent);
    return true;
  }

  /** Writes to a path that was renamed now. */
  claimWrites(agent: Agent, proc: Proc, keys: MatchKeys, cause: Cause): void {
    const waiting = this.#waiting.get(agent);
    for (const path of keys.paths ?? []) {
      for (const id of [...(waiting?.byPath.get(placeOf(proc, path)) ?? [])]) {
        const effect = waiting?.all.get(id);
        // older ones had another cause
        if (effect && effect.at >= cause.tool.call.at) this.#place(agent, effect, cause);
      }
      agent.open.learn(cause.tool, path);
    }
  }

  /** A tool call became known that may name what its agent did ahead of it. */
  claimNamed(agent: Agent): void {
    for (const effect of [...(this.#waiting.get(agent)?.all.values() ?? [])]) {
      const keys = matchOf(effect.event) ?? {};
      const cause = isNetwork(effect)
        ? hostCause(agent, keys, effect.at)
        : fileCause(agent, effect.event, keys, effect.at);
      if (!cause) continue;
      cause.tool.explained = true;
      this.#place(agent, effect, cause);
    }
  }

  /** A tool call ends now: hosts that it went on to are its own. */
  ending(tool: ToolState): void {
    const { agent } = tool;
    for (const effect of [...(this.#waiting.get(agent)?.all.values() ?? [])]) {
      if (!isNetwork(effect) || effect.at < tool.call.at || !isRedirect(tool, matchOf(effect.event) ?? {})) continue;
      this.#place(agent, effect, { tool, rule: 'time_window', confidence: 'low' });
    }
  }

  /** Hosts that the agent is at for itself. */
  asksAt(agent: Agent, { hosts = [], answers = [] }: MatchKeys): void {
    for (const host of [...hosts, ...answers]) if (agent.ownHosts.size < MAX_OWN_HOSTS) agent.ownHosts.add(host);
  }

  /** The last open turn of an agent ends: what still waits is decided while there is a root that can count it. */
  finishing(turn: Turn): void {
    const { agent } = turn;
    const waiting = this.#waiting.get(agent);
    if (!waiting || agent.turns.size > 1) return;
    for (const effect of [...waiting.all.values()]) {
      this.#take(agent, effect);
      this.#giveUp(effect);
      effect.claim.release();
    }
  }

  #place(agent: Agent, effect: Effect, cause: Cause): void {
    if (!this.#take(agent, effect)) return;
    if (isNetwork(effect)) this.#placing.network(effect, cause);
    else this.#placing.file(effect, cause);
    effect.claim.release();
  }

  #giveUp(effect: Effect): void {
    const agent = agentAbove(effect.proc);
    if (agent) this.housekeeping(effect, agent, isNetwork(effect) ? 'connections' : 'files');
    else this.#placing.pass(effect);
  }

  /** Everything that waits is decided now. */
  drain(): void {
    for (const [agent, { all }] of [...this.#waiting]) {
      for (const effect of [...all.values()]) {
        this.#take(agent, effect);
        this.#giveUp(effect);
        effect.claim.release();
      }
    }
  }

  /** Counted on the root of the agent's turn, no span. */
  housekeeping(effect: Effect, agent: Agent, kind: 'files' | 'connections'): void {
    if (kind === 'connections') this.asksAt(agent, matchOf(effect.event) ?? {});
    const turn = latest(agent);
    if (!turn) {
      this.#placing.pass(effect);
      return;
    }
    turn.housekeeping[kind]++;
    this.#placing.note(effect, { traceId: turn.traceId, spanId: turn.spanId });
  }
}

function placeOf(proc: Proc, path: Key): string {
  return `${proc.pid} ${path}`;
}

function isNetwork({ event }: Effect): boolean {
  return event.event_type.startsWith('network.');
}
