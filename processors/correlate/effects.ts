import { isEvent, matchOf, type OispEvent } from '../../core/index.ts';
import { type Cause, causeOfExec, latest, mayAsk, mcpRule, named, openTools, overlap, settle } from './evidence.ts';
import { OwnEffects } from './own-effects.ts';
import { Placing } from './placing.ts';
import { agentAbove, inherit } from './processes.ts';
import { execSpan } from './spans.ts';
import type { Agent, Effect, ExecState, McpServer, Proc, ToolState } from './state.ts';
import { Strays } from './strays.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';

/** Finds the tool call that caused what processes do: by inheritance, by arguments, by MCP, by being the only one open. */
export class Effects {
  readonly #turns: Turns;
  readonly #placing: Placing;
  readonly #strays: Strays;
  readonly #own: OwnEffects;

  constructor(host: TurnHost, turns: Turns) {
    this.#turns = turns;
    this.#placing = new Placing(host, turns);
    this.#strays = new Strays(host, turns, this.#placing);
    this.#own = new OwnEffects(host, this.#placing);
  }

  /** Tool calls became known: what ran ahead of them finds its place. */
  reconsider(agent: Agent, when: 'named' | 'any'): void {
    if (when === 'named') this.#own.claimNamed(agent);
    this.#strays.reconsider(agent, when);
  }

  /** Everything that waits is decided now. */
  drain(): void {
    this.#own.drain();
  }

  // ---------------------------------------------------------------- programs
  exec(effect: Effect): void {
    const { proc } = effect;
    inherit(proc);
    settle(proc);
    if (proc.tool) {
      this.#placing.run(effect, { tool: proc.tool, rule: 'process_tree', confidence: 'high' });
      return;
    }
    const agent = agentAbove(proc);
    if (!agent || agent.proc === proc) {
      this.#placing.pass(effect);
      return;
    }
    if (proc.mcp) {
      this.#serve(effect, proc.mcp, agent);
      return;
    }
    if (proc.stray) {
      this.#strays.add(effect, proc.stray.turn, proc.stray);
      return;
    }
    const cause = causeOfExec(agent, matchOf(effect.event) ?? {}, 'any');
    if (cause) {
      this.#placing.run(effect, cause);
      return;
    }
    if (agent.outer?.tool) {
      this.#placing.run(effect, { tool: agent.outer.tool, rule: 'process_tree', confidence: 'high' });
      return;
    }
    const turn = latest(agent);
    if (turn) this.#strays.add(effect, turn, undefined);
    else this.#placing.pass(effect);
  }

  exit(event: OispEvent, proc: Proc, at: number, effect: Effect): void {
    const exec = proc.exec;
    inherit(proc);
    settle(proc);
    const tool = exec?.tool ?? proc.tool;
    const turn = exec?.turn;
    if (!exec || !turn) {
      this.#placing.pass(effect);
      return;
    }
    const place = { traceId: turn.traceId, spanId: exec.fold?.spanId ?? exec.spanId };
    if (tool && tool.matched === exec && tool.end === undefined && tool.open) {
      tool.end = at;
      tool.endSource = 'process_exit';
    }
    for (let e: ExecState | undefined = exec; e; e = e.before) {
      e.end = at;
      e.exit ??= event;
      if (e.fold) e.fold.end = Math.max(e.fold.end, at);
      else if (!e.exported && e.rule !== 'unexplained' && turn.running.delete(e)) {
        e.exported = true;
        this.#turns.emit(turn, execSpan(e, at, undefined));
      }
    }
    if (turn.state === 'closed') this.#placing.note(effect, { ...place, late: true });
    else this.#placing.note(effect, place);
  }

  // ---------------------------------------------------------------- files and connections
  /** A file event. */
  file(effect: Effect): void {
    const { proc, event } = effect;
    const agent = this.#unplaced(effect, 'file');
    if (!agent) return;
    const keys = matchOf(event) ?? {};
    const tool =
      named(agent, (t) => overlap(t.keys.paths, keys.paths) > 0) ??
      named(agent, (t) => overlap(t.keys.tails, keys.tails) > 0);
    if (tool) {
      const cause: Cause = { tool, rule: 'argument', confidence: 'high' };
      tool.explained = true;
      if (isEvent(event, 'file.rename')) this.#own.claimWrites(proc, keys, cause);
      this.#placing.file(effect, cause);
      return;
    }
    // a write may be renamed to what a tool names; anything may be named by a tool call that is still being written
    if (event.event_type === 'file.write' || event.event_type === 'file.open' || mayAsk(agent))
      this.#own.wait(effect, keys.paths?.[0] ?? '');
    else this.#own.housekeeping(effect, agent, 'files');
  }

  /** A connection or a name lookup. */
  network(effect: Effect): void {
    const { event } = effect;
    const agent = this.#unplaced(effect, 'network');
    if (!agent) return;
    const hosts = matchOf(event)?.hosts;
    const tool = hosts && named(agent, (t) => overlap(t.keys.hosts, hosts) > 0);
    if (tool) {
      tool.explained = true;
      this.#placing.network(effect, { tool, rule: 'argument', confidence: 'high' });
    } else if (mayAsk(agent)) this.#own.wait(effect, '');
    else this.#own.housekeeping(effect, agent, 'connections');
  }

  /** Places what its process says enough of; else the agent is told that it was its own doing, or of a child that nothing is known of. */
  #unplaced(effect: Effect, kind: 'file' | 'network'): Agent | undefined {
    const { proc } = effect;
    inherit(proc);
    settle(proc);
    const agent = agentAbove(proc);
    if (proc.tool && !proc.agent)
      this.#placing[kind](effect, { tool: proc.tool, rule: mcpRule(proc), confidence: 'high' });
    else if (!agent) this.#placing.pass(effect);
    else if (proc.mcp) this.#serve(effect, proc.mcp, agent);
    else if (proc.stray) this.#strays.hold(effect, proc.stray, kind);
    else if (!this.#serveUnknown(effect, agent)) return agent;
    return undefined;
  }

  // ---------------------------------------------------------------- MCP servers
  /** A process speaks MCP over its pipes: what it does belongs to the tools/call that is open. */
  server(proc: Proc, name: string): McpServer {
    if (proc.mcp && proc.mcp.proc === proc) {
      proc.mcp.name = name;
      return proc.mcp;
    }
    const server: McpServer = { name, proc, open: [] };
    inherit(proc);
    if (proc.stray) proc.stray.server = server;
    proc.stray = undefined;
    if (proc.tool && !proc.tool.open) proc.tool = undefined;
    proc.mcp = server;
    return server;
  }

  /**
   * A child that no tool started acts while one tools/call is open whose server is not known: it is that server. Sources that attach late
   * do not say which process is at the other end of a pipe.
   */
  #serveUnknown(effect: Effect, agent: Agent): boolean {
    const { proc } = effect;
    if (proc === agent.proc || proc.exited) return false;
    let found: ToolState | undefined;
    for (const tool of openTools(agent)) {
      if (!tool.mcp || tool.mcp.server || tool.mcp.endAt !== undefined) continue;
      if (tool.mcp.call.attrs?.['network.transport'] === 'tcp') continue; // its server is no child
      if (found) return false;
      found = tool;
    }
    if (!found?.mcp) return false;
    const server = this.server(proc, found.mcp.call.data.tool.server ?? found.name);
    found.mcp.server = server;
    server.open.push(found);
    this.#serve(effect, server, agent);
    return true;
  }

  #serve(effect: Effect, server: McpServer, agent: Agent): void {
    const tool = server.open.at(-1);
    const { proc, event } = effect;
    if (!tool) {
      this.#own.housekeeping(effect, agent, event.event_type.startsWith('network.') ? 'connections' : 'files');
      return;
    }
    const cause: Cause = { tool, rule: 'mcp', confidence: 'high' };
    if (event.event_type === 'process.exec') {
      if (proc === server.proc) this.#own.housekeeping(effect, agent, 'files');
      else this.#placing.run(effect, cause);
    } else if (event.event_type.startsWith('file.')) this.#placing.file(effect, cause);
    else this.#placing.network(effect, cause);
  }
}
