import { isEvent, type MatchKeys, matchOf, type OispEvent } from '../../core/index.ts';
import { type Cause, causeOfExec, execScore, latest, mayAsk, mcpRule, settle } from './evidence.ts';
import { fileCause, hostCause, namesPlace } from './named.ts';
import { Outside } from './outside.ts';
import { OwnEffects } from './own-effects.ts';
import { Placing } from './placing.ts';
import { agentAbove, feeder, inherit } from './processes.ts';
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
  readonly #outside: Outside;

  constructor(host: TurnHost, turns: Turns) {
    this.#turns = turns;
    this.#placing = new Placing(host, turns);
    this.#strays = new Strays(host, turns, this.#placing);
    this.#own = new OwnEffects(host, this.#placing);
    this.#outside = new Outside(host);
    turns.onFinish = (turn) => {
      this.#own.finishing(turn);
      this.#strays.finishing(turn);
    };
  }

  /** Tool calls became known: what ran ahead of them finds its place. */
  reconsider(agent: Agent, when: 'named' | 'any'): void {
    if (when === 'named') this.#own.claimNamed(agent);
    this.#strays.reconsider(agent, when);
  }

  /** The agent asks a model: where it does is no tool's host. */
  asks(agent: Agent, request: OispEvent): void {
    this.#own.asksAt(agent, matchOf(request) ?? {});
  }

  /** A tool call ends now: what can only be its own is. */
  ending(tool: ToolState): void {
    this.#own.ending(tool);
    this.#strays.ending(tool);
  }

  /** Everything that waits is decided now. */
  drain(): void {
    this.#own.drain();
  }

  // ---------------------------------------------------------------- programs
  exec(effect: Effect): void {
    const { proc } = effect;
    const keys = matchOf(effect.event) ?? {};
    inherit(proc);
    settle(proc);
    if (proc.tool === undefined || proc.isFed) proc.isFed = keys.readsCommands === true;
    if (proc.tool) {
      this.#placing.run(effect, { tool: proc.tool, rule: 'process_tree', confidence: 'high' });
      return;
    }
    const agent = agentAbove(proc);
    if (!agent || agent.proc === proc) {
      const cause = agent ? undefined : this.#outside.causeOf(proc, keys);
      if (cause) this.#placing.run(effect, cause);
      else this.#placing.pass(effect);
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
    const cause = this.#causeOf(agent, proc, keys);
    if (cause) {
      this.#placing.run(effect, cause);
      return;
    }
    if (agent.outer?.tool) {
      this.#placing.run(effect, { tool: agent.outer.tool, rule: 'process_tree', confidence: 'high' });
      return;
    }
    const turn = latest(agent, keys);
    if (turn) this.#strays.add(effect, turn, undefined);
    else this.#placing.pass(effect);
  }

  /** What started a program directly below an agent, or below a shell that the agent feeds with commands. */
  #causeOf(agent: Agent, proc: Proc, keys: MatchKeys): Cause | undefined {
    const shell = proc.parent && feeder(proc.parent);
    const cause =
      causeOfExec(agent, keys, 'named', shell !== undefined) ??
      (shell && goingOn(shell)) ??
      (mayAsk(agent) ? undefined : causeOfExec(agent, keys, 'any', shell !== undefined));
    if (!shell) return cause;
    if (cause) {
      shell.fedBy = cause.tool;
      return cause;
    }
    return mayAsk(agent) ? undefined : lastOf(shell);
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
    let isRoot = false;
    for (let e: ExecState | undefined = exec; e; e = e.before) {
      e.end = at;
      e.exit ??= event;
      if (tool?.roots.delete(e)) isRoot = true;
      if (e.fold) e.fold.end = Math.max(e.fold.end, at);
      else if (!e.exported && e.rule !== 'unexplained' && turn.running.delete(e)) {
        e.exported = true;
        this.#turns.emit(turn, execSpan(e, at, undefined));
      }
    }
    if (tool && isRoot && tool.roots.size === 0 && tool.end === undefined && tool.open) {
      tool.end = at;
      tool.endSource = 'process_exit';
    }
    if (turn.state === 'closed') this.#placing.note(effect, { ...place, late: true });
    else if (proc.stray) this.#strays.note(effect, proc.stray, place.spanId);
    else this.#placing.note(effect, place);
  }

  // ---------------------------------------------------------------- files and connections
  /** A file event. */
  file(effect: Effect): void {
    const { proc, event } = effect;
    const agent = this.#unplaced(effect, 'file');
    if (!agent) return;
    const keys = matchOf(event) ?? {};
    const cause = fileCause(agent, event, keys, effect.at);
    if (cause) {
      cause.tool.explained = true;
      if (isEvent(event, 'file.rename')) this.#own.claimWrites(agent, proc, keys, cause);
      this.#placing.file(effect, cause);
      return;
    }
    // a write may be renamed to what a tool names; anything may be named by a tool call that is still being written
    if (event.event_type === 'file.write' || event.event_type === 'file.open' || mayAsk(agent))
      this.#own.wait(effect, agent, keys.paths?.[0]);
    else this.#own.housekeeping(effect, agent, 'files');
  }

  /** A connection or a name lookup. */
  network(effect: Effect): void {
    const { event } = effect;
    const agent = this.#unplaced(effect, 'network');
    if (!agent) return;
    const keys = matchOf(event) ?? {};
    const cause = hostCause(agent, keys, effect.at);
    if (cause) {
      cause.tool.explained = true;
      for (const answer of keys.answers ?? []) agent.open.learn(cause.tool, answer);
      this.#placing.network(effect, cause);
    } else if (agent.open.size > 0 || mayAsk(agent)) this.#own.wait(effect, agent, undefined);
    else this.#own.housekeeping(effect, agent, 'connections');
  }

  /** Places what its process says enough of; else the agent is told that it was its own doing, or of a child that nothing is known of. */
  #unplaced(effect: Effect, kind: 'file' | 'network'): Agent | undefined {
    const { proc } = effect;
    inherit(proc);
    settle(proc);
    const agent = agentAbove(proc);
    const shell = agent && feeder(proc);
    if (shell && !shell.mcp) this.#fed(effect, kind, agent, shell);
    else if (proc.tool && !proc.agent)
      this.#placing[kind](effect, { tool: proc.tool, rule: mcpRule(proc), confidence: 'high' });
    else if (!agent) {
      if (kind === 'network') visited(effect);
      this.#placing.pass(effect);
    } else if (proc.mcp) this.#serve(effect, proc.mcp, agent);
    else if (proc.stray) this.#strays.hold(effect, proc.stray, kind);
    else if (!this.#serveUnknown(effect, agent)) return agent;
    return undefined;
  }

  /** What a shell that is fed with commands does itself: what its redirections and builtins do. */
  #fed(effect: Effect, kind: 'file' | 'network', agent: Agent, shell: Proc): void {
    const { proc, event, at } = effect;
    const keys = matchOf(event) ?? {};
    const cause =
      (kind === 'file' ? fileCause(agent, event, keys, at) : hostCause(agent, keys, at)) ??
      goingOn(shell) ??
      (mayAsk(agent) ? undefined : causeOfExec(agent, {}, 'any')) ??
      lastOf(shell);
    if (cause) {
      // a part of the shell's own that works on: what it starts belongs to the same call
      if (proc !== shell) proc.tool = cause.tool;
      this.#placing[kind](effect, cause);
    } else if (shell.stray) this.#strays.hold(effect, shell.stray, kind);
    else this.#own.housekeeping(effect, agent, kind === 'file' ? 'files' : 'connections');
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
    for (const tool of agent.open) {
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
    const { proc, event } = effect;
    const tool = calledFor(server, event);
    if (!tool) {
      this.#own.housekeeping(effect, agent, event.event_type.startsWith('network.') ? 'connections' : 'files');
      return;
    }
    const cause: Cause = { tool, rule: 'mcp', confidence: server.open.length > 1 ? 'medium' : 'high' };
    if (event.event_type === 'process.exec') {
      if (proc === server.proc) this.#own.housekeeping(effect, agent, 'files');
      else this.#placing.run(effect, cause);
    } else if (event.event_type.startsWith('file.')) this.#placing.file(effect, cause);
    else this.#placing.network(effect, cause);
  }
}

/** The open call for which a shell ran something last, or that started it. */
function goingOn(shell: Proc): Cause | undefined {
  const tool = shell.fedBy?.open ? shell.fedBy : shell.tool?.open ? shell.tool : undefined;
  return tool && { tool, rule: 'process_tree', confidence: 'medium' };
}

/** The same of a call that is over: nothing else is open that could have fed the shell. */
function lastOf(shell: Proc): Cause | undefined {
  const tool = shell.fedBy ?? shell.tool;
  return tool && { tool, rule: 'process_tree', confidence: 'low' };
}

/** Of several calls that a server works on: the one whose arguments name what it does, else the last one. */
function calledFor(server: McpServer, event: OispEvent): ToolState | undefined {
  const { open } = server;
  const keys = matchOf(event);
  if (open.length > 1 && keys)
    for (const tool of open) if (execScore(tool, keys) > 0 || namesPlace(tool, keys)) return tool;
  return open.at(-1);
}

const MAX_VISITED = 16;

/** It may turn out to be an agent that was at its model's host. */
function visited({ proc, event }: Effect): void {
  proc.hosts ??= new Set();
  for (const host of matchOf(event)?.hosts ?? []) if (proc.hosts.size < MAX_VISITED) proc.hosts.add(host);
}
