import type { FileData, Key, MatchKeys, OispEvent } from '../../core/index.ts';
import { type Cause, overlap } from './evidence.ts';
import type { Agent, Confidence, ToolState } from './state.ts';

/** How well arguments name a place; more is better, and places of one kind are equal. */
const WHOLE = 4;
const MADE_FOR = 3;
const TAIL = 2;
const NEAR = 1;

const CONFIDENCE: readonly Confidence[] = ['low', 'low', 'medium', 'high', 'high'];

/** Turns and calls that are looked at one by one before evidence that needs all of them is given up. */
const MAX_OTHERS = 64;

/** Tools that change files, by how agents name them. */
const WRITER = /edit|write|patch|replace|create|insert|update|append|delete|remove|move|rename|save|apply/i;

/**
 * The open call of an agent whose arguments name a file that the agent itself touched. `asOf`: only calls whose model call had begun by then.
 */
export function fileCause(agent: Agent, event: OispEvent, keys: MatchKeys, asOf: number): Cause | undefined {
  const isRead = event.event_type === 'file.read' || (event.event_type === 'file.open' && !isWriting(event));
  const seen = isRead ? keys.folders?.slice(0, keys.visible ?? 0) : undefined;
  let found: ToolState | undefined;
  let most = 0;
  for (const tool of agent.open.naming(keys.paths, keys.tails, keys.madeFor, keys.madeForTails, seen)) {
    if (tool.call.at > asOf) continue;
    const score = fileScore(agent, tool, keys, seen);
    if (score === 0 || score < most) continue;
    if (score > most || found === undefined || isCloser(tool, found, event, keys)) found = tool;
    most = Math.max(most, score);
  }
  if (!found) return undefined;
  note(agent, found, event, keys);
  return { tool: found, rule: 'argument', confidence: CONFIDENCE[Math.floor(most)] ?? 'high' };
}

function fileScore(agent: Agent, tool: ToolState, keys: MatchKeys, seen: readonly Key[] | undefined): number {
  const names = tool.keys;
  for (const path of keys.paths ?? []) if (names.paths?.includes(path) || tool.also.has(path)) return WHOLE;
  const byTail = tailScore(agent, tool, keys.tails, keys.folders);
  if (byTail === WHOLE) return WHOLE;
  for (const path of keys.madeFor ?? []) if (names.paths?.includes(path)) return MADE_FOR;
  if (tailScore(agent, tool, keys.madeForTails, keys.folders) === WHOLE) return MADE_FOR;
  if (byTail > 0) return byTail;
  const at = seen?.findIndex((folder) => names.folders?.includes(folder)) ?? -1;
  return at < 0 ? 0 : NEAR - at / 32;
}

/** A relative path of the arguments against the end of a path: certain where it counts from a folder that the agent was told of. */
function tailScore(
  agent: Agent,
  tool: ToolState,
  tails: readonly Key[] | undefined,
  folders: readonly Key[] | undefined,
): number {
  let best = 0;
  for (const tail of tails ?? []) {
    const at = tool.keys.tails?.indexOf(tail) ?? -1;
    if (at < 0) continue;
    const depth = tool.keys.depths?.[at] ?? 0;
    const base = depth === 0 ? undefined : folders?.[depth - 1];
    if (base !== undefined && tool.bases.has(base)) return WHOLE;
    if (depth === 0 || tool.bases.size === 0) best = Math.max(best, TAIL);
    else if (isOwnGround(agent, tool, folders)) best = Math.max(best, depth > 1 ? TAIL : NEAR);
  }
  return best;
}

/**
 * Whether a path that fits no folder of the call may be one of its own: it lies where its agent was told to work, or at least where no other agent
 * of the process was.
 */
function isOwnGround(agent: Agent, tool: ToolState, folders: readonly Key[] | undefined): boolean {
  const isIn = (places: ReadonlySet<Key>): boolean => folders?.some((folder) => places.has(folder)) === true;
  if (isIn(tool.turn.places)) return true;
  let n = 0;
  for (const turn of agent.turns) if (++n > MAX_OTHERS || isIn(turn.places)) return false;
  return true;
}

/** Of two that name a file equally well: see the order of the lines. */
function isCloser(tool: ToolState, other: ToolState, event: OispEvent, keys: MatchKeys): boolean {
  // a task may name the files that its sub-agent then asks for
  if (isLeaf(tool) !== isLeaf(other)) return isLeaf(tool);
  if (isWriting(event)) {
    const [mine, its] = [WRITER.test(tool.name), WRITER.test(other.name)];
    if (mine !== its) return mine;
  }
  const [path] = keys.paths ?? [];
  if (path !== undefined && event.event_type !== 'file.open') {
    // who opened it reads and writes it
    const [mine, its] = [tool.opened.get(path) ?? 0, other.opened.get(path) ?? 0];
    if (mine > 0 !== its > 0) return mine > 0;
    if (mine === 0 && tool.agent.seesOpens) return (tool.used.get(path) ?? 0) > (other.used.get(path) ?? 0);
    if (mine > 0) return false;
  }
  const [many, few] = [placesOf(tool), placesOf(other)];
  if (many !== few) return many < few;
  return other.firstEffect !== undefined && tool.firstEffect === undefined;
}

function isLeaf(tool: ToolState): boolean {
  return tool.children.size === 0;
}

/** How many places a tool's arguments name. */
function placesOf({ keys }: ToolState): number {
  return (keys.paths?.length ?? 0) + (keys.hosts?.length ?? 0);
}

const MAX_FILES = 256;

function note(agent: Agent, tool: ToolState, event: OispEvent, keys: MatchKeys): void {
  const [path] = keys.paths ?? [];
  if (path === undefined || tool.used.size >= MAX_FILES) return;
  const open = tool.opened.get(path) ?? 0;
  if (event.event_type === 'file.open') {
    agent.seesOpens = true;
    tool.opened.set(path, open + 1);
    tool.used.set(path, ++agent.uses);
  } else if (event.event_type !== 'file.close') {
    if (open > 0) tool.opened.set(path, 0);
    tool.used.set(path, ++agent.uses);
  }
}

function isWriting(event: OispEvent): boolean {
  if (event.event_type !== 'file.open') return event.event_type !== 'file.read' && event.event_type !== 'file.close';
  const { flags } = event.data as FileData & { readonly flags?: unknown };
  return Array.isArray(flags) && flags.some((flag) => flag === 'write' || flag === 'create' || flag === 'truncate');
}

/** Whether the arguments of a call name the file or host of an effect, wherever its paths count from. */
export function namesPlace({ keys }: ToolState, { paths, tails, hosts, domains }: MatchKeys): boolean {
  return (
    overlap(keys.paths, paths) > 0 ||
    overlap(keys.tails, tails) > 0 ||
    overlap(keys.hosts, hosts) > 0 ||
    overlap(keys.hosts, domains) > 0
  );
}

/** Tools that look things up on hosts which their arguments do not name. */
const SEARCHES = /search|fetch|browse|web|http|url|download|crawl|navigate/i;

/**
 * The open call of an agent whose arguments name a host that the agent itself looked up or connected to: by its name, by an address that the name
 * was found to stand for, or by a domain above it.
 */
export function hostCause(agent: Agent, keys: MatchKeys, asOf: number): Cause | undefined {
  const { hosts = [], domains = [] } = keys;
  let found: ToolState | undefined;
  let most = 0;
  for (const tool of agent.open.naming(hosts, domains)) {
    if (tool.call.at > asOf) continue;
    const isHost = hosts.some((host) => tool.keys.hosts?.includes(host) || tool.also.has(host));
    const isDomain = domains.some((domain) => tool.keys.hosts?.includes(domain));
    const score = isHost ? WHOLE : isDomain ? TAIL : 0;
    if (score === 0 || score < most) continue;
    if (score > most || found === undefined || isFirst(tool, found)) found = tool;
    most = Math.max(most, score);
  }
  return found && { tool: found, rule: 'argument', confidence: CONFIDENCE[most] ?? 'high' };
}

function isFirst(tool: ToolState, other: ToolState): boolean {
  if (isLeaf(tool) !== isLeaf(other)) return isLeaf(tool);
  const [many, few] = [placesOf(tool), placesOf(other)];
  if (many !== few) return many < few;
  return other.firstEffect !== undefined && tool.firstEffect === undefined;
}

/**
 * Whether a call that ends now went on to another host than its arguments name (a redirect, a search service): it fetches something, no other open
 * call does, and the agent was never seen at that host for itself.
 */
export function isRedirect(tool: ToolState, keys: MatchKeys): boolean {
  const { agent } = tool;
  if (keys.isReporting || !fetches(tool) || keys.hosts?.some((host) => agent.ownHosts.has(host))) return false;
  let n = 0;
  for (const other of agent.open) if (++n > MAX_OTHERS || (other !== tool && fetches(other))) return false;
  return true;
}

/** A call whose own host was seen, or that looks up what its arguments do not place. */
function fetches(tool: ToolState): boolean {
  if (tool.children.size > 0 || tool.mcp !== undefined || !SEARCHES.test(tool.name)) return false;
  return tool.keys.hosts === undefined || tool.firstEffect !== undefined;
}
