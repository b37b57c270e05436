import { matchOf, spanId } from '../../core/index.ts';
import { type Cause, causeOfExec, nearestExec, settle } from './evidence.ts';
import type { Placing } from './placing.ts';
import { execSpan } from './spans.ts';
import type { Agent, Effect, ExecState, StrayTree, Turn } from './state.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';

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
    const exec: ExecState = {
      event,
      proc,
      spanId: spanId('exec', event.event_id),
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
      stray = { turn, root: exec, held: [], server: undefined, execs: [], adopted: undefined };
      turn.strays.push(stray);
    }
    proc.stray = stray;
    stray.execs.push(exec);
    if (turn.state === 'closed') {
      exec.exported = true;
      this.#placing.note(effect, { traceId: turn.traceId, spanId: parent, late: true });
    } else this.#placing.note(effect, { traceId: turn.traceId, spanId: exec.spanId });
  }

  /** What a program of such a tree does waits with it. */
  hold(effect: Effect, stray: StrayTree, kind: 'file' | 'network'): void {
    const { turn } = stray;
    const parent = nearestExec(effect.proc)?.spanId ?? stray.root.spanId;
    const place = { traceId: turn.traceId, spanId: parent };
    if (turn.state === 'closed') this.#placing.note(effect, { ...place, late: true });
    else if (effect.event.event_type !== 'file.open' && stray.held.length < this.#host.options.maxPerTool) {
      // goes on once: when a tool call takes the tree, or when the turn ends
      stray.held.push({ kind, effect, parent });
      effect.claim.hold();
    } else this.#placing.note(effect, place);
  }

  /** Tool calls became known: programs that ran ahead of them find their place. */
  reconsider(agent: Agent, when: 'named' | 'any'): void {
    for (const turn of agent.turns) {
      for (const stray of [...turn.strays]) {
        if (stray.server) continue;
        const cause = causeOfExec(agent, matchOf(stray.root.event) ?? {}, when);
        if (cause && stray.root.start >= cause.tool.call.at) this.#adopt(stray, cause);
      }
    }
  }

  #adopt(stray: StrayTree, cause: Cause): void {
    const { tool } = cause;
    const { turn } = tool;
    stray.adopted = tool;
    stray.turn.strays.splice(stray.turn.strays.indexOf(stray), 1);
    this.#placing.touched(tool, stray.root.start);
    if (cause.rule === 'argument') tool.explained = true;
    for (const exec of stray.execs) {
      const isRoot = exec === stray.root;
      exec.tool = tool;
      exec.turn = turn;
      exec.rule = isRoot ? cause.rule : 'process_tree';
      exec.confidence = isRoot ? cause.confidence : 'high';
      if (isRoot) exec.parentSpanId = tool.spanId;
      settle(exec.proc);
      tool.counts.process++;
      if (isRoot && tool.matched === undefined) {
        tool.matched = exec;
        if (exec.end !== undefined && tool.end === undefined) {
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
    for (const { kind, effect } of stray.held) {
      const below: Cause = { tool, rule: 'process_tree', confidence: 'high' };
      if (kind === 'file') this.#placing.file(effect, below);
      else this.#placing.network(effect, below);
      effect.claim.release();
    }
    stray.held.length = 0;
  }
}
