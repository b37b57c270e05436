import { formatNanos, type Key, MATCH_ATTR, type OispEvent } from '../core/index.ts';

const START = 1_763_632_800_000_000_000n;
/** Each conversation makes one model call in this time. */
const ROUND_NS = 60e9;
/** Model calls of one turn; all but the last ask for a tool. */
const CALLS_A_TURN = 4;
/** Model calls of one conversation, then its process ends and another takes its place. */
const CALLS_A_LIFE = 20;
/** Files that a program reads. */
const READS = 2;

interface Conversation {
  readonly id: string;
  /** Keys of its history. */
  keys: Key[];
  calls: number;
  tool: { readonly id: string; readonly pid: number; readonly start: string } | undefined;
}

interface AgentProcess {
  pid: number;
  start: string;
  readonly conversations: Conversation[];
}

/**
 * Agents at work as events that are decoded and stamped: always so many conversations at a time, in processes of several, each in the middle of
 * a turn with a tool and its program open. Conversations end after some turns and others begin, so that the events have no end and
 * what is live stays the same. Nothing is random.
 */
export class Load {
  readonly #processes: AgentProcess[];
  readonly #perProcess: number;
  readonly #slotNs: number;
  #events: OispEvent[] = [];
  #n = 0;
  #pid = 1000;
  #step = 0;
  #inSlot = 0;

  constructor(conversations: number, perProcess: number) {
    this.#perProcess = perProcess;
    this.#slotNs = ROUND_NS / conversations;
    this.#processes = Array.from({ length: conversations / perProcess }, (_, i) => {
      const process: AgentProcess = { pid: 0, start: '', conversations: [] };
      this.#start(process);
      // lives begin at all moments
      for (const conversation of process.conversations) conversation.calls = (i * 7) % CALLS_A_LIFE;
      return process;
    });
  }

  /** The next events, in order of time: those of at least one call, `least` or a few more. */
  next(least: number): OispEvent[] {
    this.#events = [];
    while (this.#events.length < least) {
      const step = this.#step % (this.#processes.length * this.#perProcess);
      const process = this.#processes[Math.floor(step / this.#perProcess)] as AgentProcess;
      this.#inSlot = 0;
      const isFirst = step % this.#perProcess === 0;
      if (isFirst && (process.conversations[0]?.calls ?? 0) >= CALLS_A_LIFE) this.#restart(process);
      this.#call(process, process.conversations[step % this.#perProcess] as Conversation);
      this.#step++;
    }
    return this.#events;
  }

  #restart(process: AgentProcess): void {
    this.#event('process.exit', process, { exit_code: 0 });
    this.#start(process);
  }

  #start(process: AgentProcess): void {
    process.pid = ++this.#pid;
    process.start = this.#ts();
    process.conversations.length = 0;
    for (let i = 0; i < this.#perProcess; i++)
      process.conversations.push({ id: `c${++this.#n}`, keys: [], calls: 0, tool: undefined });
  }

  /** One model call: what the tool before it left, the request, the answer, and the tool that it asks for with its program. */
  #call(process: AgentProcess, conversation: Conversation): void {
    const { tool, id } = conversation;
    const place = conversation.calls++;
    const request = `${id}-${place}`;
    const isFresh = conversation.keys.length === 0;
    if (tool) this.#event('process.exit', { pid: tool.pid, start: tool.start, parent: process.pid }, { exit_code: 0 });
    conversation.keys.push(`${id}.${place}.q`);
    const asked = tool
      ? { role: 'user', parts: [{ type: 'tool_call_response', id: tool.id, response: 'done' }] }
      : { role: 'user', parts: [{ type: 'text', content: 'go on' }] };
    const before = { role: 'assistant', parts: [{ type: 'text', content: 'well' }] };
    const match = {
      messages: [...conversation.keys],
      system: 'system',
      tools: 'tools',
      weight: 100 * place,
      ...(isFresh && { lines: [`${id}.first`] }),
    };
    const about = { request_id: request, provider: { name: 'anthropic' } };
    this.#event(
      'ai.request',
      process,
      {
        ...about,
        model: { id: 'big-model' },
        request_type: 'chat',
        streaming: true,
        messages: isFresh ? [asked] : [before, asked],
        tools_count: 3,
      },
      { 'gen_ai.operation.name': 'chat', 'user_agent.original': 'coder/1.0', [MATCH_ATTR]: match },
    );
    if (tool)
      this.#event('agent.tool_result', process, {
        call_id: tool.id,
        request_id: request,
        success: true,
        result: 'done',
      });
    const isLast = place % CALLS_A_TURN === CALLS_A_TURN - 1;
    const answer = `${id}.${place}.a`;
    conversation.keys.push(answer);
    const callId = `toolu_${id}_${place}_0123456789`;
    const command = `${id}.${place}.cmd`;
    if (!isLast) {
      this.#event(
        'agent.tool_call',
        process,
        {
          tool: { name: 'Bash' },
          call_id: callId,
          request_id: request,
          index: 0,
          arguments: { command: 'make check' },
        },
        {
          [MATCH_ATTR]: { args: `${command}.all`, strings: [command], commands: [command], lines: [`${command}.line`] },
        },
      );
    }
    this.#event(
      'ai.response',
      process,
      {
        ...about,
        success: true,
        status_code: 200,
        provider_request_id: `msg_${request}`,
        choices: [{ index: 0, message: { role: 'assistant', parts: [{ type: 'text', content: 'well' }] } }],
        tool_calls_count: isLast ? 0 : 1,
        usage: { prompt_tokens: 1000, completion_tokens: 50 },
      },
      { [MATCH_ATTR]: { messages: [answer], weight: 100 } },
    );
    conversation.tool = isLast ? undefined : this.#run(process, callId, command);
  }

  #run(process: AgentProcess, id: string, command: Key): Conversation['tool'] {
    const pid = ++this.#pid;
    const start = this.#ts();
    const child = { pid, start, parent: process.pid };
    this.#event('process.fork', process, { child_pid: pid, is_thread: false });
    const exec = { exe: '/usr/bin/make', args: ['make', 'check'], cwd: '/srv/app' };
    this.#event('process.exec', child, exec, { [MATCH_ATTR]: { strings: [command], commands: [command] } });
    for (let i = 0; i < READS; i++) {
      const path = `/srv/app/src/${i}.c`;
      this.#event('file.read', child, { path, bytes_read: 4096 }, { [MATCH_ATTR]: { paths: [`file.${i}`] } });
    }
    this.#event('network.connect', child, { dest: { ip: '192.0.2.7', port: 443 }, protocol: 'tcp', success: true });
    return { id, pid, start };
  }

  #at(): number {
    return Math.round(this.#step * this.#slotNs + this.#inSlot * (this.#slotNs / 32));
  }

  #ts(): string {
    return formatNanos(START + BigInt(this.#at()));
  }

  #event(
    event_type: string,
    { pid, start, parent = 1 }: { readonly pid: number; readonly start: string; readonly parent?: number },
    data: object,
    attrs: Readonly<Record<string, unknown>> = { [MATCH_ATTR]: {} },
  ): void {
    this.#inSlot++;
    const at = this.#at();
    this.#events.push({
      oisp_version: '0.1',
      event_id: (this.#n++).toString(36).toUpperCase().padStart(26, '0'),
      event_type,
      ts: formatNanos(START + BigInt(at)),
      ts_mono: at,
      source: { collector: 'bench', clock: 'monotonic' },
      confidence: { level: 'high', completeness: 'full' },
      host: { device_id: 'bench-host', boot_id: 'boot-1' },
      process: { pid, ppid: parent, exe: '/usr/bin/agent', start_time: start, cwd: '/srv/app' },
      data,
      attrs,
    });
  }
}
