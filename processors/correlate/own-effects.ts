import { type MatchKeys, matchOf } from '../../core/index.ts';
import { type Cause, latest, named, namesPath, overlap } from './evidence.ts';
import { SECOND } from './options.ts';
import type { Placing } from './placing.ts';
import { agentAbove } from './processes.ts';
import type { Agent, Effect, Proc } from './state.ts';
import type { TurnHost } from './turn-host.ts';

/** How long what an agent did itself waits for the rename or the tool call that tells what it was for. */
const WAIT = 5 * SECOND;
const MAX_WAITING = 1024;

/** What agent processes do themselves and no argument names: it waits a little for its reason, then it is housekeeping. */
export class OwnEffects {
  readonly #host: TurnHost;
  readonly #placing: Placing;
  /** By process, path key and event. */
  readonly #waiting = new Map<string, Effect>();

  constructor(host: TurnHost, placing: Placing) {
    this.#host = host;
    this.#placing = placing;
  }

  /** Keeps an effect until it is known what it was for. `path`: match key of its file. */
  wait(effect: Effect, path: string): void {
    const { proc, at } = effect;
    if (this.#waiting.size >= MAX_WAITING) {
      this.#giveUp(effect);
      return;
    }
    const key = `${proc.pid} ${path} ${effect.event.event_id}`;
    this.#waiting.set(key, effect);
    effect.claim.hold();
    this.#host.after(at + WAIT, () => {
      if (!this.#waiting.delete(key)) return;
      this.#giveUp(effect);
      effect.claim.release();
    });
  }

  /** Writes to a path that was renamed now. */
  claimWrites(proc: Proc, keys: MatchKeys, cause: Cause): void {
    for (const path of keys.paths ?? []) {
      const prefix = `${proc.pid} ${path} `;
      for (const [key, effect] of this.#waiting) {
        if (!key.startsWith(prefix) || effect.at < cause.tool.call.at) continue; // older ones had another cause
        this.#waiting.delete(key);
        this.#placing.file(effect, cause);
        effect.claim.release();
      }
    }
  }

  /** A tool call became known that may name what its agent did ahead of it. */
  claimNamed(agent: Agent): void {
    for (const [key, effect] of this.#waiting) {
      if (effect.proc.agent !== agent) continue;
      const keys = matchOf(effect.event) ?? {};
      const isNetwork = effect.event.event_type.startsWith('network.');
      const tool = named(
        agent,
        (t) => t.call.at <= effect.at && (isNetwork ? overlap(t.keys.hosts, keys.hosts) > 0 : namesPath(t.keys, keys)),
      );
      if (!tool) continue;
      this.#waiting.delete(key);
      tool.explained = true;
      const cause: Cause = { tool, rule: 'argument', confidence: 'high' };
      if (isNetwork) this.#placing.network(effect, cause);
      else this.#placing.file(effect, cause);
      effect.claim.release();
    }
  }

  #giveUp(effect: Effect): void {
    const agent = agentAbove(effect.proc);
    const kind = effect.event.event_type.startsWith('network.') ? 'connections' : 'files';
    if (agent) this.housekeeping(effect, agent, kind);
    else this.#placing.pass(effect);
  }

  /** Everything that waits is decided now. */
  drain(): void {
    for (const [key, effect] of this.#waiting) {
      this.#waiting.delete(key);
      this.#giveUp(effect);
      effect.claim.release();
    }
  }

  /** Counted on the root of the agent's turn, no span. */
  housekeeping(effect: Effect, agent: Agent, kind: 'files' | 'connections'): void {
    const turn = latest(agent);
    if (!turn) {
      this.#placing.pass(effect);
      return;
    }
    turn.housekeeping[kind]++;
    this.#placing.note(effect, { traceId: turn.traceId, spanId: turn.spanId });
  }
}
