import {
  type ExecData,
  type FileData,
  isEvent,
  type Key,
  type MatchKeys,
  matchOf,
  type OispEvent,
  type RelatedEvent,
  spanId,
} from '../../core/index.ts';
import { SECOND } from './options.ts';
import type { Place } from './output.ts';
import { agentAbove, inherit } from './processes.ts';
import { execSpan, foldSpan, networkSpan, pathOf } from './spans.ts';
import type {
  Agent,
  Confidence,
  Effect,
  ExecState,
  Fold,
  McpServer,
  Proc,
  Rule,
  StrayTree,
  ToolState,
  Turn,
} from './state.ts';
import type { TurnHost, Turns } from './turns.ts';

interface Cause {
  readonly tool: ToolState;
  readonly rule: Rule;
  readonly confidence: Confidence;
}

/** How long what an agent did itself waits for the rename or the tool call that tells what it was for. */
const WAIT = 5 * SECOND;
const MAX_WAITING = 1024;

/** Lays processes, files and connections under the tool calls that caused them. */
export class Effects {
  readonly #host: TurnHost;
  readonly #turns: Turns;
  /** What agent processes did themselves and no argument named yet, by process, path key and event. */
  readonly #waiting = new Map<string, Effect>();

  constructor(host: TurnHost, turns: Turns) {
    this.#host = host;
    this.#turns = turns;
  }

  // ---------------------------------------------------------------- programs
  exec(effect: Effect): void {
    const { proc } = effect;
    inherit(proc);
    settle(proc);
    if (proc.tool) {
      this.#runUnder(effect, { tool: proc.tool, rule: 'process_tree', confidence: 'high' });
      return;
    }
    const agent = agentAbove(proc);
    if (!agent || agent.proc === proc) {
      this.#pass(effect);
      return;
    }
    if (proc.mcp) {
      this.#serve(effect, proc.mcp, agent);
      return;
    }
    if (proc.stray) {
      this.#stray(effect, proc.stray.turn, proc.stray);
      return;
    }
    const cause = this.#causeOfExec(agent, matchOf(effect.event) ?? {}, 'any');
    if (cause) {
      this.#runUnder(effect, cause);
      return;
    }
    if (agent.outer?.tool) {
      this.#runUnder(effect, { tool: agent.outer.tool, rule: 'process_tree', confidence: 'high' });
      return;
    }
    const turn = latest(agent);
    if (turn) this.#stray(effect, turn, undefined);
    else this.#pass(effect);
  }

  /**
   * The open tool call that a program belongs to. `named`: only one whose arguments name it. `any`: else the only one that may have started
   * it, but not while an answer is still coming that may ask for more.
   */
  #causeOfExec(agent: Agent, keys: MatchKeys, when: 'named' | 'any'): Cause | undefined {
    let best: ToolState | undefined;
    let most = 0;
    const leaves: ToolState[] = [];
    for (const tool of openTools(agent)) {
      const score = execScore(tool.keys, keys) + (tool.matched === undefined ? 0.01 : 0);
      if (score >= 1 && score > most) {
        best = tool;
        most = score;
      }
      if (tool.children.size === 0 && tool.mcp === undefined) leaves.push(tool);
    }
    if (best) return { tool: best, rule: 'argument', confidence: 'high' };
    if (when === 'named') return undefined;
    const free = leaves.filter((tool) => !tool.explained);
    const [only] = free;
    if (!only || mayAsk(agent)) return undefined;
    if (leaves.length === 1) return { tool: only, rule: 'only_open', confidence: 'medium' };
    const idle = free.filter((tool) => tool.matched === undefined && tool.firstEffect === undefined);
    if (idle.length === 1 && idle[0]) return { tool: idle[0], rule: 'time_window', confidence: 'low' };
    return undefined;
  }

  /** Tool calls became known: programs that ran ahead of them find their place. */
  reconsider(agent: Agent, when: 'named' | 'any'): void {
    if (when === 'named') this.#claimOwn(agent);
    for (const turn of agent.turns) {
      for (const stray of [...turn.strays]) {
        if (stray.server) continue;
        const cause = this.#causeOfExec(agent, matchOf(stray.root.event) ?? {}, when);
        if (cause && stray.root.start >= cause.tool.call.at) this.#adopt(stray, cause);
      }
    }
  }

  #adopt(stray: StrayTree, cause: Cause): void {
    const { tool } = cause;
    const { turn } = tool;
    stray.adopted = tool;
    stray.turn.strays.splice(stray.turn.strays.indexOf(stray), 1);
    this.#touched(tool, stray.root.start);
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
      if (kind === 'file') this.#touch(effect, below);
      else this.#connectUnder(effect, below);
      effect.claim.release();
    }
    stray.held.length = 0;
  }

  #runUnder(effect: Effect, cause: Cause): void {
    const { proc, event, at } = effect;
    const { tool } = cause;
    const parent = this.#parentOf(proc, tool);
    const exec: ExecState = {
      event,
      proc,
      spanId: spanId('exec', event.event_id),
      start: at,
      end: undefined,
      exit: undefined,
      parentSpanId: parent,
      turn: tool.turn,
      tool,
      rule: cause.rule,
      confidence: cause.confidence,
      exported: false,
      before: proc.exec?.tool === tool ? proc.exec : undefined,
      fold: undefined,
    };
    proc.tool = tool;
    proc.exec = exec;
    if (tool.turn.state === 'closed') {
      exec.exported = true;
      this.#late(effect, tool, parent);
      return;
    }
    this.#touched(tool, at);
    if (cause.rule === 'argument') tool.explained = true;
    if (tool.matched === undefined && cause.rule !== 'process_tree') tool.matched = exec;
    if (++tool.counts.process > this.#host.options.maxPerTool) {
      exec.fold = this.#fold(effect, cause, parent, `process.exec ${program(event)}`);
      exec.exported = true;
    } else tool.turn.running.add(exec);
    this.#note(effect, {
      traceId: tool.turn.traceId,
      spanId: exec.fold?.spanId ?? exec.spanId,
      related: causedBy(tool),
    });
  }

  exit(event: OispEvent, proc: Proc, at: number, effect: Effect): void {
    const exec = proc.exec;
    inherit(proc);
    settle(proc);
    const tool = exec?.tool ?? proc.tool;
    const turn = exec?.turn;
    if (!exec || !turn) {
      this.#pass(effect);
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
    if (turn.state === 'closed') this.#note(effect, { ...place, late: true });
    else this.#note(effect, place);
  }

  // ---------------------------------------------------------------- files and connections
  file(effect: Effect): void {
    const { proc, event } = effect;
    inherit(proc);
    settle(proc);
    if (proc.tool && !proc.agent) {
      this.#touch(effect, { tool: proc.tool, rule: mcpRule(proc), confidence: 'high' });
      return;
    }
    const agent = agentAbove(proc);
    if (!agent) {
      this.#pass(effect);
      return;
    }
    if (proc.mcp) {
      this.#serve(effect, proc.mcp, agent);
      return;
    }
    if (proc.stray) {
      this.#holdStray(effect, proc.stray, 'file');
      return;
    }
    if (this.#serveUnknown(effect, agent)) return;
    const keys = matchOf(event) ?? {};
    const tool =
      this.#named(agent, (t) => overlap(t.keys.paths, keys.paths) > 0) ??
      this.#named(agent, (t) => overlap(t.keys.tails, keys.tails) > 0);
    if (tool) {
      const cause: Cause = { tool, rule: 'argument', confidence: 'high' };
      tool.explained = true;
      if (isEvent(event, 'file.rename')) this.#claimWrites(proc, keys, cause);
      this.#touch(effect, cause);
      return;
    }
    // a write may be renamed to what a tool names; anything may be named by a tool call that is still being written
    if (event.event_type === 'file.write' || event.event_type === 'file.open' || mayAsk(agent))
      this.#wait(effect, keys.paths?.[0] ?? '');
    else this.#housekeeping(effect, agent, 'files');
  }

  network(effect: Effect): void {
    const { proc, event } = effect;
    inherit(proc);
    settle(proc);
    if (proc.tool && !proc.agent) {
      this.#connectUnder(effect, { tool: proc.tool, rule: mcpRule(proc), confidence: 'high' });
      return;
    }
    const agent = agentAbove(proc);
    if (!agent) {
      this.#pass(effect);
      return;
    }
    if (proc.mcp) {
      this.#serve(effect, proc.mcp, agent);
      return;
    }
    if (proc.stray) {
      this.#holdStray(effect, proc.stray, 'network');
      return;
    }
    if (this.#serveUnknown(effect, agent)) return;
    const hosts = matchOf(event)?.hosts;
    const tool = hosts && this.#named(agent, (t) => overlap(t.keys.hosts, hosts) > 0);
    if (tool) {
      tool.explained = true;
      this.#connectUnder(effect, { tool, rule: 'argument', confidence: 'high' });
    } else if (mayAsk(agent)) this.#wait(effect, '');
    else this.#housekeeping(effect, agent, 'connections');
  }

  /** The open tool call that names what the agent itself did; of several the one that did nothing yet, then the first. */
  #named(agent: Agent, names: (tool: ToolState) => boolean): ToolState | undefined {
    let found: ToolState | undefined;
    for (const tool of openTools(agent)) {
      if (!names(tool)) continue;
      if (!found || (found.firstEffect !== undefined && tool.firstEffect === undefined)) found = tool;
    }
    return found;
  }

  #touch(effect: Effect, cause: Cause): void {
    const { event, at, proc } = effect;
    const { tool } = cause;
    const { turn } = tool;
    const parent = this.#parentOf(proc, tool);
    if (turn.state === 'closed') {
      this.#late(effect, tool, parent);
      return;
    }
    this.#touched(tool, at);
    if (event.event_type === 'file.open' || event.event_type === 'file.close') {
      this.#note(effect, { traceId: turn.traceId, spanId: parent });
      return;
    }
    // by its match key: names may be taken out
    const path = matchOf(event)?.paths?.[0] ?? pathOf(event);
    const key = `${proc.pid} ${proc.startTime ?? ''} ${event.event_type} ${path}`;
    const group = turn.groups.get(`${tool.spanId} ${key}`);
    const data = event.data as FileData;
    const bytes = data.bytes_read ?? data.bytes_written ?? 0;
    if (group) {
      group.count++;
      group.last = at;
      group.bytes += bytes;
      if (group.eventIds.length < 4) group.eventIds.push(event.event_id);
      else group.eventIds[3] = event.event_id;
      this.#note(effect, { traceId: turn.traceId, spanId: group.spanId, related: causedBy(tool) });
      return;
    }
    if (++tool.counts.file > this.#host.options.maxPerTool) {
      const fold = this.#fold(effect, cause, parent, event.event_type);
      this.#note(effect, { traceId: turn.traceId, spanId: fold.spanId, related: causedBy(tool) });
      return;
    }
    const id = spanId('file', event.event_id);
    turn.groups.set(`${tool.spanId} ${key}`, {
      key,
      first: effect,
      spanId: id,
      parentSpanId: parent,
      tool,
      rule: cause.rule,
      confidence: cause.confidence,
      eventIds: [event.event_id],
      last: at,
      count: 1,
      bytes,
      created: data.created === true,
      truncated: data.truncated === true,
    });
    this.#note(effect, { traceId: turn.traceId, spanId: id, related: causedBy(tool) });
  }

  #connectUnder(effect: Effect, cause: Cause): void {
    const { event, at, proc } = effect;
    const { tool } = cause;
    const { turn } = tool;
    const parent = this.#parentOf(proc, tool);
    if (turn.state === 'closed') {
      this.#late(effect, tool, parent);
      return;
    }
    this.#touched(tool, at);
    if (++tool.counts.network > this.#host.options.maxPerTool) {
      const fold = this.#fold(effect, cause, parent, event.event_type);
      this.#note(effect, { traceId: turn.traceId, spanId: fold.spanId, related: causedBy(tool) });
      return;
    }
    const id = spanId('network', event.event_id);
    const place = { turn, tool, spanId: id, parentSpanId: parent, rule: cause.rule, confidence: cause.confidence };
    this.#turns.emit(turn, networkSpan(effect, place, this.#host.options));
    this.#note(effect, { traceId: turn.traceId, spanId: id, related: causedBy(tool) });
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
      this.#housekeeping(effect, agent, event.event_type.startsWith('network.') ? 'connections' : 'files');
      return;
    }
    const cause: Cause = { tool, rule: 'mcp', confidence: 'high' };
    if (event.event_type === 'process.exec') {
      if (proc === server.proc) this.#housekeeping(effect, agent, 'files');
      else this.#runUnder(effect, cause);
    } else if (event.event_type.startsWith('file.')) this.#touch(effect, cause);
    else this.#connectUnder(effect, cause);
  }

  // ---------------------------------------------------------------- what no tool explains
  #stray(effect: Effect, turn: Turn, tree: StrayTree | undefined): void {
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
      this.#note(effect, { traceId: turn.traceId, spanId: parent, late: true });
    } else this.#note(effect, { traceId: turn.traceId, spanId: exec.spanId });
  }

  #holdStray(effect: Effect, stray: StrayTree, kind: 'file' | 'network'): void {
    const { turn } = stray;
    const parent = nearestExec(effect.proc)?.spanId ?? stray.root.spanId;
    const place = { traceId: turn.traceId, spanId: parent };
    if (turn.state === 'closed') this.#note(effect, { ...place, late: true });
    else if (effect.event.event_type !== 'file.open' && stray.held.length < this.#host.options.maxPerTool) {
      // goes on once: when a tool call takes the tree, or when the turn ends
      stray.held.push({ kind, effect, parent });
      effect.claim.hold();
    } else this.#note(effect, place);
  }

  #housekeeping(effect: Effect, agent: Agent, kind: 'files' | 'connections'): void {
    const turn = latest(agent);
    if (!turn) {
      this.#pass(effect);
      return;
    }
    turn.housekeeping[kind]++;
    this.#note(effect, { traceId: turn.traceId, spanId: turn.spanId });
  }

  // ---------------------------------------------------------------- what an agent does itself, before it is known what for
  #wait(effect: Effect, path: string): void {
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
  #claimWrites(proc: Proc, keys: MatchKeys, cause: Cause): void {
    for (const path of keys.paths ?? []) {
      const prefix = `${proc.pid} ${path} `;
      for (const [key, effect] of this.#waiting) {
        if (!key.startsWith(prefix) || effect.at < cause.tool.call.at) continue; // older ones had another cause
        this.#waiting.delete(key);
        this.#touch(effect, cause);
        effect.claim.release();
      }
    }
  }

  /** A tool call became known that may name what its agent did ahead of it. */
  #claimOwn(agent: Agent): void {
    for (const [key, effect] of this.#waiting) {
      if (effect.proc.agent !== agent) continue;
      const keys = matchOf(effect.event) ?? {};
      const isNetwork = effect.event.event_type.startsWith('network.');
      const tool = this.#named(
        agent,
        (t) => t.call.at <= effect.at && (isNetwork ? overlap(t.keys.hosts, keys.hosts) > 0 : namesPath(t.keys, keys)),
      );
      if (!tool) continue;
      this.#waiting.delete(key);
      tool.explained = true;
      const cause: Cause = { tool, rule: 'argument', confidence: 'high' };
      if (isNetwork) this.#connectUnder(effect, cause);
      else this.#touch(effect, cause);
      effect.claim.release();
    }
  }

  #giveUp(effect: Effect): void {
    const agent = agentAbove(effect.proc);
    const kind = effect.event.event_type.startsWith('network.') ? 'connections' : 'files';
    if (agent) this.#housekeeping(effect, agent, kind);
    else this.#pass(effect);
  }

  /** Everything that waits is decided now. */
  drain(): void {
    for (const [key, effect] of this.#waiting) {
      this.#waiting.delete(key);
      this.#giveUp(effect);
      effect.claim.release();
    }
  }

  // ---------------------------------------------------------------- small things
  #touched(tool: ToolState, at: number): void {
    tool.firstEffect = Math.min(tool.firstEffect ?? at, at);
    tool.start = Math.min(tool.start, at);
    tool.turn.lastAt = Math.max(tool.turn.lastAt, at);
  }

  /** The span below which an effect of a process lies: the nearest program above it within the tool, else the tool. */
  #parentOf(proc: Proc, tool: ToolState): string {
    for (let p: Proc | undefined = proc, n = 0; p && n < 64; p = p.parent, n++) {
      const { exec } = p;
      if (exec && exec.tool === tool) return exec.fold?.spanId ?? exec.spanId;
      if (p.agent === tool.agent) break;
    }
    return tool.spanId;
  }

  #fold(effect: Effect, cause: Cause, parent: string, name: string): Fold {
    const { tool } = cause;
    let fold = tool.folds.get(name);
    if (!fold) {
      fold = {
        spanId: spanId('fold', effect.event.event_id),
        parentSpanId: parent,
        first: effect,
        name,
        count: 0,
        end: effect.at,
        tool,
        rule: cause.rule,
        confidence: cause.confidence,
      };
      tool.folds.set(name, fold);
    }
    fold.count++;
    fold.end = Math.max(fold.end, effect.at);
    return fold;
  }

  #late(effect: Effect, tool: ToolState, parent: string): void {
    this.#note(effect, { traceId: tool.turn.traceId, spanId: parent, late: true, related: causedBy(tool) });
  }

  #note(effect: Effect, place: Place): void {
    this.#host.out.event(effect.event, effect.claim, place);
  }

  #pass(effect: Effect): void {
    this.#host.out.event(effect.event, effect.claim);
  }
}

/** Spans of what no tool explains, and of MCP servers that started outside any tool. */
export function strayEffects(stray: StrayTree, host: TurnHost): ReturnType<typeof execSpan>[] {
  const { turn, root, server } = stray;
  const { options } = host;
  const end = (e: ExecState): number => e.end ?? Math.max(turn.end, e.start);
  for (const exec of stray.execs) exec.exported = true;
  if (server) {
    const spans = execSpan(
      { ...root, rule: 'mcp', confidence: 'high' },
      Math.max(...stray.execs.map(end)),
      undefined,
      `mcp.start ${server.name}`,
    );
    return [spans];
  }
  const spans = stray.execs
    .slice(0, options.maxPerTool)
    .map((e) => execSpan(e, end(e), e.end === undefined ? 'detached' : undefined));
  const shown = new Set(spans.map((s) => s.spanId));
  for (const { kind, effect, parent } of stray.held) {
    const parentSpanId = shown.has(parent) ? parent : root.spanId;
    if (kind === 'network') {
      const place = {
        turn,
        tool: undefined,
        spanId: spanId('network', effect.event.event_id),
        parentSpanId,
        rule: 'unexplained',
        confidence: 'low',
      };
      spans.push(networkSpan(effect, place, options));
    } else {
      const fold: Fold = {
        spanId: spanId('file', effect.event.event_id),
        parentSpanId,
        first: effect,
        name: effect.event.event_type,
        count: 1,
        end: effect.at,
        tool: undefined,
        rule: 'unexplained',
        confidence: 'low',
      };
      spans.push(foldSpan(fold, turn));
    }
  }
  return spans;
}

function* openTools(agent: Agent): Iterable<ToolState> {
  for (const turn of agent.turns) for (const tool of turn.tools) if (tool.open) yield tool;
}

/** Whether a model may be asking the agent for tools right now. */
function mayAsk(agent: Agent): boolean {
  for (const turn of agent.turns) for (const call of turn.calls) if (!call.isSide) return true;
  return false;
}

/** A tree that found its tool: what belongs to it works for that tool. */
function settle(proc: Proc): void {
  const tool = proc.stray?.adopted;
  if (!tool) return;
  proc.tool = tool;
  proc.stray = undefined;
}

/** The turn in which something happened that no tool explains: the user's turn that opened last. */
function latest(agent: Agent): Turn | undefined {
  let found: Turn | undefined;
  for (const turn of agent.turns)
    if (turn.state !== 'closed' && (!found || turn.parentTool === undefined)) found = turn;
  return found;
}

function nearestExec(proc: Proc): ExecState | undefined {
  for (let p: Proc | undefined = proc, n = 0; p && n < 64; p = p.parent, n++) if (p.exec) return p.exec;
  return undefined;
}

function overlap(a: readonly Key[] | undefined, b: readonly Key[] | undefined): number {
  if (!a || !b) return 0;
  let n = 0;
  for (const key of b) if (a.includes(key)) n++;
  return n;
}

/** 1 and more when a tool's arguments name the program: its commands, or words of its argv. */
function execScore(tool: MatchKeys, exec: MatchKeys): number {
  const commands = overlap(tool.commands, exec.commands);
  const strings = overlap(exec.strings, tool.strings);
  if (commands === 0 && strings === 0) return 0;
  const share = commands === 0 ? 0 : commands / (tool.commands?.length ?? 1) + commands / (exec.commands?.length ?? 1);
  return 1 + 10 * share + strings;
}

function namesPath(tool: MatchKeys, file: MatchKeys): boolean {
  return overlap(tool.paths, file.paths) > 0 || overlap(tool.tails, file.tails) > 0;
}

function mcpRule(proc: Proc): Rule {
  return proc.mcp ? 'mcp' : 'process_tree';
}

function program(event: OispEvent): string {
  const { exe } = event.data as ExecData;
  return exe.slice(exe.lastIndexOf('/') + 1);
}

function causedBy(tool: ToolState): RelatedEvent[] {
  return [{ event_id: tool.event.event_id, relationship: 'caused_by' }];
}
