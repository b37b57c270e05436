import { effectOf, operationOf, type Span, Tree } from './tree.ts';

/** One agent's own account (test/agent/crew). */
export interface CrewTruth {
  readonly pid: number;
  readonly tools: readonly {
    readonly id: string;
    readonly name: string;
    /** What tells whose effects they are: an argument, the process tree, or only that the tool is open. */
    readonly how: 'argument' | 'process' | 'open';
    readonly effects: readonly { type: string; path?: string; args?: readonly string[]; port?: number }[];
  }[];
}

export interface Score {
  /** Tool calls that have one span. */
  readonly tools: number;
  /** Effects that were asked for. */
  readonly effects: number;
  /** F1 of effects: asked for, found, and found under the right tool only. */
  readonly all: number;
  readonly argument: number;
  readonly process: number;
  readonly open: number;
  /** Spans of an effect in a tree of another agent. */
  readonly wrongAgent: number;
  /** Effects of the agents' own processes under a tool that the account does not know. */
  readonly unknown: number;
}

/** How many effects are where the agents' accounts have them. Every effect of an account is the only one of its kind with its path, arguments or port. */
export function scoreOf(truths: readonly CrewTruth[], spans: readonly Span[]): Score {
  const tree = new Tree(spans);
  const idOf = (span: Span | undefined): unknown => span?.attributes['gen_ai.tool.call.id'];
  const agentByTool = new Map(truths.flatMap(({ pid, tools }) => tools.map(({ id }) => [id, pid] as const)));
  const left = new Set(spans.filter((span) => effectOf(span) !== undefined));
  const counts = new Map<string, { asked: number; found: number; right: number }>();
  let wrongAgent = 0;
  for (const { pid, tools } of truths)
    for (const { id, how, effects } of tools)
      for (const effect of effects) {
        const same = [...left].filter((span) => isOf(span, effect));
        for (const span of same) left.delete(span);
        const homes = same.map((span) => idOf(tree.tool(span)));
        wrongAgent += homes.filter((home) => (agentByTool.get(String(home)) ?? pid) !== pid).length;
        const count = counts.get(how) ?? { asked: 0, found: 0, right: 0 };
        count.asked++;
        if (same.length > 0) count.found++;
        if (same.length > 0 && homes.every((home) => home === id)) count.right++;
        counts.set(how, count);
      }
  const all = [...counts.values()];
  const pids = new Set(truths.map(({ pid }) => pid));
  const unknown = [...left].filter((span) => tree.tool(span) && pids.has(Number(span.attributes['process.pid'])));
  const ids = spans.filter((span) => operationOf(span) === 'execute_tool').map(idOf);
  return {
    tools: [...agentByTool.keys()].filter((id) => ids.filter((one) => one === id).length === 1).length,
    effects: all.reduce((n, { asked }) => n + asked, 0),
    all: f1(all, unknown.length),
    argument: f1([counts.get('argument')]),
    process: f1([counts.get('process')]),
    open: f1([counts.get('open')]),
    wrongAgent,
    unknown: unknown.length,
  };
}

type Count = { readonly asked: number; readonly found: number; readonly right: number };

function f1(counts: readonly (Count | undefined)[], alsoFound = 0): number {
  const sum = (key: keyof Count): number => counts.reduce((n, count) => n + (count?.[key] ?? 0), 0);
  const [right, precision, recall] = [sum('right'), sum('found') + alsoFound, sum('asked')];
  return right === 0 ? 0 : (2 * right) / (precision + recall);
}

function isOf({ name, attributes: a, ...span }: Span, effect: CrewTruth['tools'][number]['effects'][number]): boolean {
  if (effectOf({ name, attributes: a, ...span }) !== effect.type) return false;
  if (effect.path !== undefined) return a['file.path'] === effect.path;
  if (effect.port !== undefined) return a['network.peer.port'] === effect.port;
  return JSON.stringify(a['process.command_args']) === JSON.stringify(effect.args);
}
