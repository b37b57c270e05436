import type { AiRequestData, Message, Provider, ToolCall, ToolDefinition, Usage } from '../../core/index.ts';
import type { Json } from './json.ts';

/** The head of a request, whatever HTTP version brought it. */
export interface CallHead {
  readonly method: string;
  /** Lower case, without port. */
  readonly host: string;
  readonly port: number | undefined;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  /** What the registry knows of the host. */
  readonly provider: Provider | undefined;
  /** What its port hints at: who it is, where the body shows that it is a model call. */
  readonly guess?: Provider | undefined;
  /** Header fields that were sent and are not known. */
  readonly unresolved?: number | 'some' | 'all' | undefined;
}

/** What a flavour knows from the head of a request alone. */
export interface CallMatch {
  /** `gen_ai.operation.name`. */
  readonly operation: string;
  readonly requestType: AiRequestData['request_type'];
  readonly model?: string;
  readonly streaming?: boolean;
  /** Whose API this can only be, where the host tells nothing. */
  readonly provider?: Provider;
}

/** A request in normal form. */
export interface NormalRequest {
  readonly model?: string | undefined;
  readonly streaming: boolean;
  readonly messages?: readonly Message[] | undefined;
  readonly tools?: readonly ToolDefinition[] | undefined;
  readonly toolChoice?: unknown;
  readonly parameters?: AiRequestData['parameters'];
  readonly previousResponseId?: string | undefined;
  readonly conversationId?: string | undefined;
  /** A session that the body names. */
  readonly sessionId?: string | undefined;
  /** Attributes by their OpenTelemetry names, or `oisp.*`. */
  readonly attrs?: Readonly<Record<string, unknown>> | undefined;
}

export interface Choice {
  readonly index: number;
  readonly message: Message;
  /** The provider's own word. */
  readonly finish?: string | undefined;
}

export interface CallError {
  readonly type?: string | undefined;
  readonly message?: string | undefined;
  readonly code?: string | undefined;
}

/** One thing that a look-up found. */
export interface Found {
  /** URL, file name or id. */
  readonly source?: string | undefined;
  readonly title?: string | undefined;
  readonly score?: number | undefined;
  readonly text?: string | undefined;
}

/** A look-up of knowledge: one that the provider made for the model, or one by a retrieval API. */
export interface Retrieval {
  readonly id?: string | undefined;
  readonly source: 'vector_db' | 'knowledge_base' | 'file_search' | 'web_search' | 'database';
  /** What was searched: a tool, an index, a collection. */
  readonly name?: string | undefined;
  /** Several queries are joined by a line feed. */
  readonly query?: string | undefined;
  /** Undefined where the provider does not say what it found. */
  readonly found?: readonly Found[] | undefined;
}

/** An answer in normal form. */
export interface NormalResponse {
  readonly id?: string | undefined;
  readonly model?: string | undefined;
  readonly choices?: readonly Choice[] | undefined;
  /** The provider's words, one a choice. */
  readonly finishReasons?: readonly string[] | undefined;
  /** In order, those of all choices. */
  readonly toolCalls?: readonly ToolCall[] | undefined;
  readonly usage?: Usage | undefined;
  readonly error?: CallError | undefined;
  readonly conversationId?: string | undefined;
  readonly retrievals?: readonly Retrieval[] | undefined;
  /** Attributes by their OpenTelemetry names, or `oisp.*`. */
  readonly attrs?: Readonly<Record<string, unknown>> | undefined;
}

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** A text of an answer that grows. */
export interface TextSink {
  text: string;
}

/** Puts a streamed answer together. */
export interface StreamReader {
  /**
   * Where the text of the last event went, when it brought that text, as the value of one field, and else nothing that was not known: of a next event
   * that differs from it in this value alone nothing is needed but that it is added here. Neither does it count what `sequence_number` and
   * `obfuscation` of an event are.
   */
  readonly sink?: TextSink | undefined;
  /** Takes one parsed event; true when it brought the first or more of the answer's content. `onCall` hears of a tool call when its block ends. */
  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean;
  /** The answer so far. Called once; calls whose block never ended are in it where their arguments are whole. */
  end(): NormalResponse;
}

/** One API of a provider, or of all who copy it. Functions never throw and read foreign JSON with care. */
export interface Flavour {
  readonly name: string;
  match(head: CallHead): CallMatch | undefined;
  /** Undefined when the body is not of this shape: on a host that nobody knows the exchange is then no model call. */
  request(body: Json, head: CallHead, match: CallMatch): NormalRequest | undefined;
  response(body: Json, head: CallHead, match: CallMatch, answer?: AnswerHead): NormalResponse;
  stream(head: CallHead, match: CallMatch, answer?: AnswerHead): StreamReader;
}

/** Declares a flavour. The first whose `match` answers takes the call; those of plugins are asked before ours. */
export function defineFlavour(flavour: Flavour): Flavour {
  return Object.freeze(flavour);
}
