import {
  type AiRequestData,
  type AiResponseData,
  isEvent,
  type OispEvent,
  parseNanos,
  type ToolCallData,
} from '../../core/index.ts';

/** A model call as most collectors see it: a request, its answer, and the tools that the answer asks for. Times: nanoseconds since 1970. */
export interface SeenCall {
  readonly process: string;
  readonly connection: string;
  readonly request: OispEvent<AiRequestData>;
  response: OispEvent<AiResponseData> | undefined;
  readonly start: bigint;
  end: bigint;
}

/** A tool call, from the event of the call to the request that brings its result. */
export interface SeenTool {
  readonly event: OispEvent<ToolCallData>;
  readonly call: SeenCall;
  readonly start: bigint;
  end: bigint | undefined;
  /** The call whose request brought the result. */
  answeredIn: SeenCall | undefined;
}

/** A program, file operation or connection, with the process that talks to models above it. */
export interface SeenEffect {
  readonly event: OispEvent;
  readonly process: string;
  /** Key of the nearest process above, or of the process itself, that talks to models. */
  readonly agent: string;
  readonly start: bigint;
  end: bigint;
  /** The program that runs it: itself for an exec. */
  program: SeenEffect | undefined;
}

export interface Seen {
  readonly calls: readonly SeenCall[];
  readonly tools: readonly SeenTool[];
  readonly effects: readonly SeenEffect[];
}

const EFFECT = /^(process\.exec|file\.\w+|network\.(connect|dns))$/;

/** What the correlators below have in common: requests with their answers, tools with their results, effects with their process trees. */
export function readSeen(events: readonly OispEvent[]): Seen {
  // the clock that no one sets; ties stay as they came
  const ordered = events
    .toSorted((a, b) => (a.ts_mono ?? 0) - (b.ts_mono ?? 0))
    .map((event) => ({ event, at: parseNanos(event.ts) ?? 0n }));
  const agents = new Set(ordered.filter(({ event }) => isEvent(event, 'ai.request')).map(({ event }) => keyOf(event)));
  const calls = new Map<string, SeenCall>();
  const tools: SeenTool[] = [];
  const open = new Map<string, SeenTool>();
  const tree = new ProcessTree();
  const effects: SeenEffect[] = [];
  for (const { event, at } of ordered) {
    const process = keyOf(event);
    tree.see(event, process);
    if (isEvent(event, 'ai.request')) {
      const connection = `${process} ${String(event.attrs?.['oisp.conn'])}`;
      const request = event as OispEvent<AiRequestData>;
      const call: SeenCall = { process, connection, request, response: undefined, start: at, end: at };
      calls.set(`${process} ${request.data.request_id}`, call);
    } else if (isEvent(event, 'ai.response')) {
      const call = calls.get(`${process} ${event.data.request_id}`);
      if (!call) continue;
      call.response = event as OispEvent<AiResponseData>;
      call.end = at;
    } else if (isEvent(event, 'agent.tool_call')) {
      const call = calls.get(`${process} ${event.data.request_id ?? ''}`);
      if (!call) continue;
      const tool: SeenTool = { event, call, start: at, end: undefined, answeredIn: undefined };
      tools.push(tool);
      open.set(`${process} ${event.data.call_id}`, tool);
    } else if (isEvent(event, 'agent.tool_result')) {
      const tool = open.get(`${process} ${event.data.call_id}`);
      const call = calls.get(`${process} ${event.data.request_id ?? ''}`);
      if (!tool || !call) continue;
      open.delete(`${process} ${event.data.call_id}`);
      tool.end = at;
      tool.answeredIn = call;
    } else if (isEvent(event, 'process.exit')) {
      const program = tree.programOf(process);
      if (program) program.end = at;
    } else if (EFFECT.test(event.event_type)) {
      const agent = tree.above(process, agents);
      if (agent === undefined || (event.event_type === 'process.exec' && agent === process)) continue;
      const program = tree.programAbove(process, agent);
      const effect: SeenEffect = { event, process, agent, start: at, end: at, program };
      if (event.event_type === 'process.exec') tree.run(process, effect);
      effects.push(effect);
    }
  }
  return { calls: [...calls.values()], tools, effects };
}

class ProcessTree {
  /** The process that had a pid last, by host and pid. */
  readonly #byPid = new Map<string, string>();
  readonly #parents = new Map<string, string>();
  readonly #programs = new Map<string, SeenEffect>();

  see(event: OispEvent, key: string): void {
    const host = event.host?.device_id ?? '';
    const { pid, ppid } = event.process ?? {};
    if (pid === undefined) return;
    this.#byPid.set(`${host} ${pid}`, key);
    const parent = this.#byPid.get(`${host} ${ppid}`);
    if (parent !== undefined && parent !== key && !this.#parents.has(key)) this.#parents.set(key, parent);
  }

  *#up(key: string): Iterable<string> {
    for (let at: string | undefined = key, n = 0; at !== undefined && n < 64; at = this.#parents.get(at), n++) yield at;
  }

  above(key: string, agents: ReadonlySet<string>): string | undefined {
    for (const at of this.#up(key)) if (agents.has(at)) return at;
    return undefined;
  }

  programOf(key: string): SeenEffect | undefined {
    return this.#programs.get(key);
  }

  /** The nearest program below the agent that runs `key`. */
  programAbove(key: string, agent: string): SeenEffect | undefined {
    for (const at of this.#up(key)) {
      if (at === agent) return undefined;
      const program = this.#programs.get(at);
      if (program) return program;
    }
    return undefined;
  }

  run(key: string, program: SeenEffect): void {
    this.#programs.set(key, program);
  }
}

function keyOf({ host, process }: OispEvent): string {
  return `${host?.device_id ?? ''} ${process?.pid ?? ''} ${process?.start_time ?? ''}`;
}
