import type { Message, OispEvent, Part } from '../../core/index.ts';

/** 2026-11-20T10:00:00Z, second 0 of every story, in milliseconds since 1970. */
const ZERO_MS = Date.UTC(2026, 10, 20, 10);
/** What the monotonic clock of the host says at second 0. */
const ZERO_MONO = 5_000_000_000;

/** Which API an agent speaks, and the words that its provider uses. */
export interface Api {
  readonly provider: string;
  readonly otelProvider: string;
  readonly host: string;
  readonly operation: string;
  /** Finish reasons of an answer that ends the turn, and of one that asks for tools. */
  readonly stops: readonly [string, string];
  /** The system prompt stands beside the messages. */
  readonly separateSystem: boolean;
  /** Role of messages that bring tool results. */
  readonly resultRole: 'user' | 'tool';
}

export const ANTHROPIC: Api = {
  provider: 'anthropic',
  otelProvider: 'anthropic',
  host: 'api.anthropic.com',
  operation: 'chat',
  stops: ['end_turn', 'tool_use'],
  separateSystem: true,
  resultRole: 'user',
};
export const OPENAI: Api = {
  provider: 'openai',
  otelProvider: 'openai',
  host: 'api.openai.com',
  operation: 'chat',
  stops: ['stop', 'tool_calls'],
  separateSystem: false,
  resultRole: 'tool',
};
/** Responses API. */
export const RESPONSES: Api = { ...OPENAI, stops: ['completed', 'completed'], separateSystem: true };
export const GEMINI: Api = {
  provider: 'google',
  otelProvider: 'gcp.gemini',
  host: 'generativelanguage.googleapis.com',
  operation: 'generate_content',
  stops: ['STOP', 'STOP'],
  separateSystem: true,
  resultRole: 'tool',
};
export const OLLAMA: Api = { ...OPENAI, provider: 'ollama', otelProvider: 'ollama', host: 'localhost' };

/** A tool call that an answer asks for. Gemini gives no `id`. `at`: the second at which its block ends, before the answer does. */
export interface Asked {
  readonly name: string;
  readonly args: object;
  readonly id?: string;
  readonly at?: number;
}

export function call(name: string, args: object, id?: string, at?: number): Asked {
  return { name, args, ...(id !== undefined && { id }), ...(at !== undefined && { at }) };
}

export const said = (text: string): Message => textMessage('user', text);
export const replied = (text: string): Message => textMessage('assistant', text);

function textMessage(role: 'system' | 'user' | 'assistant', content: string): Message {
  return { role, content, parts: [{ type: 'text', content }] };
}

/**
 * Tells one session as events. All times are seconds from the start of the story; what is told may jump in time, the events are written in
 * its order.
 */
export class Teller {
  readonly name: string;
  readonly #events: { readonly at: number; readonly n: number; readonly event: OispEvent }[] = [];
  readonly #steps: { readonly at: number; readonly seconds: number }[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** The events in order of time, numbered. */
  get events(): OispEvent[] {
    const sorted = [...this.#events].sort((a, b) => a.at - b.at || a.n - b.n);
    return sorted.map(({ event }, i) => ({ ...event, event_id: `${this.name}-${String(i + 1).padStart(3, '0')}` }));
  }

  /** The wall clock is set forward (or back) at a moment. */
  clockStep(at: number, seconds: number): void {
    this.#steps.push({ at, seconds });
  }

  /** A program that ran before the story began. */
  program(pid: number, exe: string, more: { readonly parent?: number; readonly cwd?: string } = {}): Program {
    return new Program(this, pid, more.parent ?? 1, exe, more.cwd ?? '/srv/app', -60);
  }

  /** An agent that ran before the story began. */
  agent(name: string, pid: number, api: Api, more: { readonly model?: string; readonly cwd?: string } = {}): Agent {
    return new Agent(
      this.program(pid, `/usr/local/bin/${name}`, more),
      name,
      api,
      more.model ?? MODELS[api.provider] ?? '',
    );
  }

  tell(
    at: number,
    by: Program,
    event_type: string,
    data: object,
    attrs: object = {},
    over: Partial<OispEvent> = {},
  ): void {
    const step = this.#steps.reduce((sum, s) => (at >= s.at ? sum + s.seconds : sum), 0);
    const event: OispEvent = {
      ts: new Date(Math.round(ZERO_MS + (at + step) * 1000)).toISOString(),
      event_type,
      event_id: '',
      process: by.info,
      data,
      ...(Object.keys(attrs).length > 0 && { attrs: { ...attrs } }),
      ts_mono: ZERO_MONO + Math.round(at * 1000) * 1_000_000,
      source: { collector: 'oisp-collector', clock: 'monotonic' },
      confidence: { level: 'high', completeness: 'full' },
      host: { device_id: `golden-${this.name}`, boot_id: 'boot-1' },
      oisp_version: '0.1',
      ...over,
    };
    this.#events.push({ at: Math.round(at * 1000), n: this.#events.length, event });
  }
}

const MODELS: Readonly<Record<string, string>> = {
  anthropic: 'claude-opus-5',
  openai: 'gpt-4o',
  google: 'gemini-3-pro',
  ollama: 'qwen3-coder',
};

/** A process and what it does. */
export class Program {
  readonly teller: Teller;
  readonly pid: number;
  readonly info: NonNullable<OispEvent['process']>;

  constructor(teller: Teller, pid: number, ppid: number, exe: string, cwd: string, started: number) {
    this.teller = teller;
    this.pid = pid;
    const start_time = new Date(ZERO_MS + Math.round(started * 1000)).toISOString();
    this.info = { pid, ppid, exe, cwd, start_time };
  }

  /** Starts a child. */
  runs(
    at: number,
    pid: number,
    args: readonly string[],
    more: { readonly exe?: string; readonly cwd?: string } = {},
  ): Program {
    const exe = more.exe ?? `/usr/bin/${args[0] ?? ''}`;
    const child = new Program(this.teller, pid, this.pid, exe, more.cwd ?? this.info.cwd ?? '/', at);
    this.teller.tell(at, child, 'process.exec', { exe, args });
    return child;
  }

  exits(at: number, code = 0): void {
    this.teller.tell(at, this, 'process.exit', { exit_code: code });
  }

  /** Ends by a signal. */
  dies(at: number, signal: number, signal_name: string): void {
    this.teller.tell(at, this, 'process.exit', { exit_code: 128 + signal, signal, signal_name });
  }

  reads(at: number, path: string, bytes_read = 100): void {
    this.teller.tell(at, this, 'file.read', { path, bytes_read });
  }

  writes(at: number, path: string, bytes_written = 100, more: { readonly created?: boolean } = {}): void {
    this.teller.tell(at, this, 'file.write', { path, bytes_written, ...more });
  }

  renames(at: number, old_path: string, new_path: string): void {
    this.teller.tell(at, this, 'file.rename', { old_path, new_path });
  }

  deletes(at: number, path: string): void {
    this.teller.tell(at, this, 'file.delete', { path });
  }

  connects(at: number, domain: string, port = 443, more: { readonly error?: string } = {}): void {
    const dest = { domain, ip: '192.0.2.1', port };
    const failed = more.error === undefined ? { success: true } : { success: false, error: { type: more.error } };
    this.teller.tell(at, this, 'network.connect', { dest, protocol: 'tcp', ...failed });
  }

  looksUp(at: number, query_name: string): void {
    this.teller.tell(at, this, 'network.dns', { query_name, query_type: 'A', response_code: 'NOERROR' });
  }
}

interface ChatOptions {
  readonly model?: string;
  readonly system?: string;
  readonly tools?: readonly string[];
  readonly maxTokens?: number;
  readonly session?: string;
  readonly agentId?: string;
  /** More attributes of its requests. */
  readonly attrs?: object;
}

/** A program that talks to models. */
export class Agent extends Program {
  readonly name: string;
  readonly api: Api;
  readonly model: string;
  #requests = 0;

  constructor(program: Program, name: string, api: Api, model: string) {
    const { pid = 0, ppid = 1, exe = '', cwd = '/' } = program.info;
    super(program.teller, pid, ppid, exe, cwd, 0);
    Object.assign(this.info, program.info);
    this.name = name;
    this.api = api;
    this.model = model;
  }

  nextRequest(): string {
    return `${this.pid}.r${++this.#requests}`;
  }

  /** A conversation of this agent. */
  chat(options: ChatOptions = {}): Chat {
    return new Chat(this, options);
  }

  /** A call beside the conversations: one question without tools, and its answer. */
  side(from: number, to: number, text: string, options: ChatOptions, answer: string): void {
    const chat = this.chat({ tools: [], ...options });
    chat.says(text);
    chat.asks(from);
    chat.answers(to, answer, [], { tokens: [20, 4] });
  }
}

interface AnswerOptions {
  /** Input and output tokens; 100 and 10 where a story does not care. */
  readonly tokens?: readonly [number, number];
  readonly cached?: number;
  readonly cost?: number;
  readonly responseId?: string;
  /** Texts of reasoning before the answer; agents may leave them out when they send the history again. */
  readonly thinks?: string;
}

/** One conversation: its history, the requests that bring it and the answers that go on with it. */
export class Chat {
  readonly agent: Agent;
  readonly options: ChatOptions;
  messages: Message[] = [];
  request = '';

  constructor(agent: Agent, options: ChatOptions) {
    this.agent = agent;
    this.options = options;
  }

  /** The user's words, part of the next request. */
  says(text: string): void {
    this.messages.push(said(text));
  }

  /** Results of tools, part of the next request; a failed one starts with `!`. Without ids the keys are the names of the tools. */
  brings(results: Readonly<Record<string, string>>): void {
    const { provider, resultRole } = this.agent.api;
    const parts = Object.entries(results).map(([key, text]): Part => {
      const isError = text.startsWith('!');
      const named = provider === 'google' ? { name: key } : { id: key };
      const response = isError ? text.slice(1) : text;
      return { type: 'tool_call_response', ...named, response, ...(isError && { is_error: true }) };
    });
    if (provider === 'anthropic' || provider === 'google') this.messages.push({ role: resultRole, parts });
    else for (const part of parts) this.messages.push({ role: resultRole, parts: [part] });
  }

  /** Sends the history, or the `messages` given, as a request. */
  asks(
    at: number,
    more: { readonly messages?: readonly Message[]; readonly previous?: string; readonly attrs?: object } = {},
  ): void {
    const { agent, options } = this;
    const { api } = agent;
    this.request = agent.nextRequest();
    const tools = options.tools ?? ['Bash', 'Read', 'Write'];
    const system = options.system ?? (tools.length > 0 ? 'You are a coding agent.' : undefined);
    const sent = more.messages ?? this.messages;
    const messages = system === undefined ? [...sent] : [systemMessage(system, api.separateSystem), ...sent];
    const data = {
      request_id: this.request,
      provider: { name: api.provider, endpoint: api.host },
      model: { id: options.model ?? agent.model },
      request_type: 'chat',
      streaming: true,
      messages,
      ...(tools.length > 0 && { tools: tools.map((name) => ({ name })), tools_count: tools.length }),
      ...(more.previous !== undefined && { previous_response_id: more.previous }),
      parameters: { max_tokens: options.maxTokens ?? 4096 },
    };
    agent.teller.tell(at, agent, 'ai.request', data, { ...this.#attrs(), ...options.attrs, ...more.attrs });
    this.#tellResults(at, sent);
  }

  /** The answer: text, tool calls, or both. */
  answers(at: number, text: string, tools: readonly Asked[] = [], more: AnswerOptions = {}): void {
    const message = this.#tellTools(at, text, tools, more.thinks);
    const { agent, options } = this;
    const [input, output] = more.tokens ?? [100, 10];
    const word = agent.api.stops[tools.length > 0 ? 1 : 0];
    const data = {
      ...this.#answer(200),
      model: { id: options.model ?? agent.model },
      success: true,
      ...(more.responseId !== undefined && { provider_request_id: more.responseId }),
      choices: [{ index: 0, message }],
      ...(tools.length > 0 && { tool_calls: toolCallsOf(tools), tool_calls_count: tools.length }),
      usage: {
        prompt_tokens: input,
        completion_tokens: output,
        ...(more.cached !== undefined && { cached_tokens: more.cached }),
        ...(more.cost !== undefined && { total_cost_usd: more.cost }),
      },
    };
    agent.teller.tell(at, agent, 'ai.response', data, { ...this.#attrs(), 'gen_ai.response.finish_reasons': [word] });
    this.messages.push(message);
  }

  /** The provider refuses. */
  fails(at: number, status: number, type: string): void {
    const data = { ...this.#answer(status), success: false, error: { type } };
    this.agent.teller.tell(at, this.agent, 'ai.response', data, this.#attrs());
  }

  /** The answer breaks off after a few words: the connection was closed. The history does not keep it. */
  breaksOff(at: number, text: string): void {
    const data = {
      ...this.#answer(200),
      success: false,
      error: { type: 'connection_closed' },
      choices: [{ index: 0, message: replied(text) }],
    };
    const confidence = { level: 'high', completeness: 'partial', missing: ['end of response'] } as const;
    this.agent.teller.tell(at, this.agent, 'ai.response', data, this.#attrs(), { confidence });
  }

  /** An answer whose request was not captured; its first byte was seen at `from`. */
  answersUnasked(from: number, at: number, text: string, tools: readonly Asked[] = []): void {
    const { agent } = this;
    this.request = agent.nextRequest();
    const unseen = {
      confidence: { level: 'medium', completeness: 'partial', missing: ['request'] },
    } as const;
    const message = this.#tellTools(at, text, tools, undefined, unseen);
    const data = {
      ...this.#answer(200),
      model: { id: agent.model },
      success: true,
      choices: [{ index: 0, message }],
      ...(tools.length > 0 && { tool_calls: toolCallsOf(tools), tool_calls_count: tools.length }),
      finish_reason: tools.length > 0 ? 'tool_calls' : 'stop',
      usage: { prompt_tokens: 100, completion_tokens: 10 },
    };
    const duration = Math.round((at - from) * 1000);
    const word = agent.api.stops[tools.length > 0 ? 1 : 0];
    const attrs = {
      'gen_ai.operation.name': agent.api.operation,
      'gen_ai.provider.name': agent.api.otelProvider,
      'gen_ai.response.finish_reasons': [word],
      'oisp.response.duration_ms': duration,
    };
    agent.teller.tell(at, agent, 'ai.response', data, attrs, unseen);
    this.messages.push(message);
  }

  #tellTools(
    at: number,
    text: string,
    tools: readonly Asked[],
    thinks: string | undefined,
    over: Partial<OispEvent> = {},
  ): Message {
    const { agent, request } = this;
    for (const [index, tool] of tools.entries()) {
      const data = {
        tool: { name: tool.name },
        call_id: tool.id ?? `${request}.${index}`,
        arguments: tool.args,
        request_id: request,
        index,
      };
      const attrs = tool.id === undefined ? { 'oisp.call_id.derived': true } : {};
      agent.teller.tell(tool.at ?? at, agent, 'agent.tool_call', data, attrs, over);
    }
    const parts: Part[] = [
      ...(thinks === undefined ? [] : [{ type: 'reasoning' as const, content: thinks }]),
      ...(text === '' ? [] : [{ type: 'text' as const, content: text }]),
      ...tools.map(({ id, name, args }) => ({
        type: 'tool_call' as const,
        ...(id !== undefined && { id }),
        name,
        arguments: args,
      })),
    ];
    return { role: 'assistant', content: text, parts };
  }

  /** What the request answers to the tool calls of the last answer. */
  #tellResults(at: number, sent: readonly Message[]): void {
    const last = sent.findLastIndex((message) => message.role === 'assistant');
    const calls = (sent[last]?.parts ?? []).flatMap((part) => (part.type === 'tool_call' ? [part] : []));
    const results = sent
      .slice(last + 1)
      .flatMap((message) =>
        (message.parts ?? []).flatMap((part) => (part.type === 'tool_call_response' ? [part] : [])),
      );
    for (const [k, part] of results.entries()) {
      const index =
        part.id === undefined
          ? k
          : Math.max(
              0,
              calls.findIndex(({ id }) => id === part.id),
            );
      const data = {
        call_id: part.id ?? `${this.request}.${index}`,
        success: part.is_error !== true,
        result: part.response,
        request_id: this.request,
        index,
      };
      const attrs = part.id === undefined ? { 'oisp.call_id.derived': true } : {};
      this.agent.teller.tell(at, this.agent, 'agent.tool_result', data, attrs);
    }
  }

  #answer(status: number): object {
    const { provider, host } = this.agent.api;
    return { request_id: this.request, provider: { name: provider, endpoint: host }, status_code: status };
  }

  #attrs(): object {
    const { api, name } = this.agent;
    const { session, agentId } = this.options;
    return {
      'gen_ai.operation.name': api.operation,
      'gen_ai.provider.name': api.otelProvider,
      'user_agent.original': `${name}/1.0`,
      ...(session !== undefined && { 'oisp.session.id': session }),
      ...(agentId !== undefined && { 'oisp.agent.id': agentId }),
    };
  }
}

function systemMessage(text: string, isSeparate: boolean): Message {
  return { ...textMessage('system', text), ...(isSeparate && { attrs: { separate: true } }) };
}

function toolCallsOf(tools: readonly Asked[]): object[] {
  return tools.map(({ id, name, args }) => ({ ...(id !== undefined && { id }), name, arguments: args }));
}

/** The wire between an agent and an MCP server: over pipes to a child process, or over HTTP. */
export class McpWire {
  readonly #agent: Agent;
  readonly #server: string;
  readonly #attrs: object;

  constructor(agent: Agent, server: string, child: Program | undefined) {
    this.#agent = agent;
    this.#server = server;
    this.#attrs = {
      'oisp.mcp': true,
      'oisp.conn': `mcp-${server}`,
      'network.transport': child ? 'pipe' : 'tcp',
      'mcp.protocol.version': '2025-11-25',
      ...(child ? { 'mcp.child.pid': child.pid } : { 'mcp.session.id': `${server}-session` }),
    };
  }

  starts(at: number): void {
    const attrs = { ...this.#attrs, 'mcp.method.name': 'initialize', 'mcp.server.name': this.#server };
    this.#agent.teller.tell(at, this.#agent, 'agent.session', { action: 'start' }, attrs);
  }

  /** One `tools/call` and its answer; a failed one has `isError`. */
  calls(from: number, to: number, id: number, name: string, args: object, isError = false): void {
    const { teller } = this.#agent;
    const tool = { name, server: this.#server };
    const call_id = `mcp-${this.#server}-${id}`;
    const attrs = {
      ...this.#attrs,
      'mcp.method.name': 'tools/call',
      'mcp.request.id': String(id),
      'oisp.call_id.derived': true,
    };
    teller.tell(from, this.#agent, 'agent.tool_call', { tool, call_id, arguments: args }, attrs);
    teller.tell(to, this.#agent, 'agent.tool_result', { tool, call_id, success: !isError }, attrs);
  }
}
