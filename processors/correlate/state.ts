import type {
  AiRequestData,
  AiResponseData,
  Key,
  MatchKeys,
  OispEvent,
  ProcessInfo,
  Resource,
  SpanEvent,
  ToolCallData,
} from '../../core/index.ts';
import type { Chain } from './chain.ts';
import type { Claim } from './claim.ts';
import type { OpenTools } from './open-tools.ts';
import type { RequestView } from './request.ts';
import type { Anchor } from './timeline.ts';
import type { TraceSize } from './trace-size.ts';

/** What a tree edge rests on. */
export type Rule =
  | 'argument'
  | 'process_tree'
  | 'mcp'
  | 'only_open'
  | 'time_window'
  | 'call_id'
  | 'task_text'
  | 'agent_header'
  | 'last_answer'
  | 'compaction'
  | 'traceparent'
  | 'unexplained';

export type Confidence = 'high' | 'medium' | 'low';

/** A process of the observed host, known from its own events or its parent's. */
export interface Proc {
  readonly pid: number;
  startTime: string | undefined;
  parent: Proc | undefined;
  info: ProcessInfo;
  argv: readonly string[] | undefined;
  /** It talks to models itself. */
  agent: Agent | undefined;
  /** The tool call that it works for, by its own match or by inheritance. */
  tool: ToolState | undefined;
  /** Its subtree waits for an explanation until the turn ends. */
  stray: StrayTree | undefined;
  /** An MCP server: its subtree works for the tools/call that is open. */
  mcp: McpServer | undefined;
  exec: ExecState | undefined;
  /** It reads what it is to run from its input: its children work for whoever wrote that, not for whoever started it. */
  isFed: boolean;
  /** Of such a process: the tool call that it ran something for last. */
  fedBy: ToolState | undefined;
  /** Hosts that it was at before it was known as an agent. */
  hosts: Set<Key> | undefined;
  exited: boolean;
  lastAt: number;
}

export interface McpServer {
  name: string;
  readonly proc: Proc;
  readonly open: ToolState[];
}

/** A process that talks to models: the place where conversations live. */
export interface Agent {
  readonly key: string;
  readonly proc: Proc;
  readonly resource: Resource;
  readonly service: string;
  readonly hostId: string;
  readonly conversations: Set<Conversation>;
  /** Open turns, oldest first. */
  readonly turns: Set<Turn>;
  /** Side calls that wait for a turn. */
  readonly pending: Set<Call>;
  readonly models: Set<string>;
  /** Models that hold conversations: asked with tools, or with a history. */
  readonly mainModels: Set<string>;
  hasToolUse: boolean;
  /** Turns of several users were open at once: what shows no owner may be anybody's. */
  isShared: boolean;
  /** Tool calls without an end yet, over all conversations. */
  readonly open: OpenTools;
  /** Model calls under way that may ask for tools. */
  readonly asking: Set<Call>;
  /** Programs that no tool explains so far. */
  readonly strays: Set<StrayTree>;
  /** The turn that the user opened last, as far as known. */
  current: Turn | undefined;
  /** Hosts that the agent was at for itself: its models, its telemetry. */
  readonly ownHosts: Set<Key>;
  /** Whether its source reports file.open. */
  seesOpens: boolean;
  /** Number of file operations that arguments named. */
  uses: number;
  /** The input that the oldest state of this agent was made from. */
  claim: Claim;
  claimed: boolean;
  lastAt: number;
  /** The process.exec that started it, when a tool did. */
  readonly outer: ExecState | undefined;
}

/** The span of a turn. */
export interface Root {
  readonly traceId: string;
  readonly spanId: string;
  /** Where the turn began, when this is a continuation of it. */
  readonly first?: Root | undefined;
}

export interface Conversation {
  readonly id: string;
  readonly agent: Agent;
  readonly sessionId: string | undefined;
  readonly agentId: string | undefined;
  readonly system: Key | undefined;
  readonly tools: Key | undefined;
  /** The tool call that this conversation of a sub-agent works for. */
  parentTool: ToolState | undefined;
  parentRule: Rule | undefined;
  /** Where its last request was sent. */
  connection: string | undefined;
  /** History after the last answer, and at the end of the last request. */
  answered: Chain;
  /** The request that was answered last. */
  settled: Chain | undefined;
  /** Its answers asked for tools. */
  wantsTools: boolean;
  requested: Chain;
  /** Number of messages of the last request, for the delta of the next one. */
  sentMessages: number;
  lastCall: Call | undefined;
  /** Hash of the tool definitions that a span has shown last. */
  toolsShown?: string;
  turn: Turn | undefined;
  /** Tools of the last answer, in order. */
  asked: ToolState[];
  turnCount: number;
  /** Its last turn. */
  lastRoot: Root | undefined;
  lastAt: number;
}

export interface Usage {
  input: number;
  output: number;
  cached: number;
  cacheCreation: number;
  reasoning: number;
  /** US dollars; undefined until one call has a price. */
  cost: number | undefined;
  hasInput: boolean;
  hasOutput: boolean;
}

export interface Turn {
  readonly conversation: Conversation;
  readonly agent: Agent;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly parentTool: ToolState | undefined;
  readonly rule: Rule | undefined;
  readonly confidence: Confidence | undefined;
  readonly anchor: Anchor;
  index: number;
  opener: OispEvent<AiRequestData>;
  readonly links: { readonly traceId: string; readonly spanId: string; type: string }[];
  start: number;
  end: number;
  state: 'open' | 'closing' | 'closed';
  endReason: string | undefined;
  readonly tools: ToolState[];
  /** Model calls under way. */
  readonly calls: Set<Call>;
  /** Turns of sub-agents and nested agents that are not closed yet. */
  readonly children: Set<Turn>;
  readonly strays: StrayTree[];
  /** Steps of plans, for the span. */
  readonly steps: SpanEvent[];
  /** Spans of processes that are still running. */
  readonly running: Set<ExecState>;
  readonly groups: Map<string, FileGroup>;
  /** Folders that its first request names: relative paths count from one of them. */
  readonly places: ReadonlySet<Key>;
  readonly usage: Usage;
  modelCalls: number;
  sideCalls: number;
  toolCalls: number;
  /** Shared by all turns of one trace. */
  readonly trace: TraceSize;
  readonly housekeeping: { files: number; connections: number };
  failed: { readonly type: string } | undefined;
  lastAnswer: OispEvent<AiResponseData> | undefined;
  /** Match keys of what was said in it: by the user, by the last answer. */
  asked: readonly Key[];
  answered: readonly Key[];
  lastAt: number;
}

/** One model call. */
export interface Call {
  /** Without its messages once the span has left. */
  request: OispEvent<AiRequestData>;
  /** The request was not captured: `request` only stands for it. */
  readonly isUnseen: boolean;
  view: RequestView;
  readonly agent: Agent;
  at: number;
  readonly claim: Claim;
  readonly spanId: string;
  turn: Turn | undefined;
  conversation: Conversation | undefined;
  isSide: boolean;
  /** The conversation that it is about, when it is none of its calls. */
  about: Conversation | undefined;
  /** Its history. */
  end: Chain | undefined;
  rule: Rule | undefined;
  confidence: Confidence | undefined;
  /** Messages of the request that the conversation had sent before. */
  offset: number;
  resend: number;
  response: OispEvent<AiResponseData> | undefined;
  endAt: number | undefined;
}

export interface ToolState {
  /** Without its arguments once the span has left. */
  event: OispEvent<ToolCallData>;
  readonly keys: MatchKeys;
  readonly call: Call;
  readonly turn: Turn;
  readonly conversation: Conversation;
  readonly agent: Agent;
  readonly callId: string | undefined;
  readonly index: number;
  /** Among all calls of the process. */
  readonly order: number;
  readonly name: string;
  readonly spanId: string;
  /** When the words that ask for it were complete. */
  readonly start: number;
  open: boolean;
  /** Its span has left. */
  exported: boolean;
  end: number | undefined;
  endSource: 'process_exit' | 'mcp_answer' | 'result' | undefined;
  firstEffect: number | undefined;
  /** Its own arguments named something that happened: what they do not name is not its doing. */
  explained: boolean;
  /** Folders from which its relative paths may count. */
  readonly bases: ReadonlySet<Key>;
  /** Names of files and hosts that turned out to be its as well. */
  readonly also: Set<Key>;
  /** Files that it opened and has not used yet, and when it used which, by path. */
  readonly opened: Map<Key, number>;
  readonly used: Map<Key, number>;
  /** The first program that works for it by its own evidence. */
  matched: ExecState | undefined;
  /** Such programs that run. */
  readonly roots: Set<ExecState>;
  /** Open turns of sub-agents that work for it. */
  readonly children: Set<Turn>;
  mcp: McpMerge | undefined;
  result: OispEvent | undefined;
  isError: boolean;
  errorType: string | undefined;
  readonly counts: { process: number; file: number; network: number };
  /** Spans that stand for several equal ones beyond the cap. */
  readonly folds: Map<string, Fold>;
}

export interface McpMerge {
  readonly call: OispEvent<ToolCallData>;
  server: McpServer | undefined;
  endAt: number | undefined;
}

/** A subtree of processes that no tool explains (yet). */
export interface StrayTree {
  turn: Turn;
  readonly root: ExecState;
  readonly execs: ExecState[];
  readonly held: { readonly kind: 'file' | 'network'; readonly effect: Effect; readonly parent: string }[];
  /** Events that wait until it is known in which trace they lie. */
  readonly notes: { readonly effect: Effect; readonly spanId: string }[];
  /** What came beyond the cap, by kind: the first of it and how many. */
  readonly more: Map<string, { readonly first: Effect; count: number; end: number }>;
  /** Model calls that were under way when it began and may have asked for it. */
  readonly asking: ReadonlySet<Call>;
  /** Several calls were open of which each could have been the cause: that one is left later says nothing. */
  readonly isUnclear: boolean;
  server: McpServer | undefined;
  /** The tool call that turned out to have caused it. */
  adopted: ToolState | undefined;
}

export interface Effect {
  readonly event: OispEvent;
  readonly at: number;
  readonly claim: Claim;
  readonly proc: Proc;
}

export interface ExecState {
  readonly event: OispEvent;
  readonly proc: Proc;
  readonly spanId: string;
  readonly start: number;
  end: number | undefined;
  exit: OispEvent | undefined;
  parentSpanId: string;
  turn: Turn;
  tool: ToolState | undefined;
  rule: Rule;
  confidence: Confidence;
  exported: boolean;
  /** The program that the process was before it became this one. */
  before: ExecState | undefined;
  /** Set when it was folded into another span: effects below go there. */
  fold: Fold | undefined;
}

export interface Fold {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly first: Effect;
  readonly name: string;
  count: number;
  end: number;
  readonly tool: ToolState | undefined;
  readonly rule: Rule;
  readonly confidence: Confidence;
}

/** Operations of one process on one file within one tool: one span. */
export interface FileGroup {
  readonly key: string;
  readonly first: Effect;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly tool: ToolState | undefined;
  readonly rule: Rule;
  readonly confidence: Confidence;
  readonly eventIds: string[];
  last: number;
  count: number;
  bytes: number;
  created: boolean;
  truncated: boolean;
}
