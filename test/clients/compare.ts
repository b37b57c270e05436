import { isEvent, type OispEvent } from '../../core/index.ts';

/** A tool call as an SDK reports it. */
interface ToldCall {
  /** Gemini has none. */
  readonly id?: string;
  readonly name: string;
  readonly arguments: unknown;
}

/** What a client program says of one model call; what its SDK does not report is undefined or null. */
export interface Told {
  readonly client: string;
  readonly runtime: string;
  readonly host: string;
  readonly scenario: string;
  readonly prompt: string;
  readonly isStreamed: boolean;
  /** The model it asked for. */
  readonly asked: string;
  /** What it sent with this call, of the tools that the call before asked for. */
  readonly results: readonly { readonly id?: string; readonly name?: string; readonly content: string }[];
  readonly id?: string | null;
  readonly model?: string | null;
  readonly finish: string;
  readonly text: string;
  readonly calls: readonly ToldCall[];
  readonly usage: {
    readonly input?: number | null;
    readonly output?: number | null;
    readonly cached?: number | null;
    readonly written?: number | null;
    readonly reasoning?: number | null;
  };
}

/** What the server says of one answer. */
export interface Served {
  readonly n: number;
  readonly id: string;
  readonly model: string;
  /** `1.1` or `2.0`. */
  readonly protocol: string;
  readonly coding: string;
}

/** One call in the account of its client, of the server and of the collector. */
export interface Compared {
  readonly told: Told;
  readonly served: Served;
  /** What the collector says otherwise, by field; empty where all is equal. */
  readonly differences: readonly string[];
}

/** The words that SDKs have for why an answer ended, in those of OISP. */
const FINISH: Readonly<Record<string, string>> = {
  ...{ stop: 'stop', end_turn: 'stop', STOP: 'stop', completed: 'stop' },
  ...{ tool_calls: 'tool_calls', tool_use: 'tool_calls', 'tool-calls': 'tool_calls' },
};

/** The number that the server gave an answer: it stands in its text and in the arguments of its tool calls. */
function numberIn(told: Told): number {
  return Number(/(?:Answer|Paris) (\d+)/.exec(told.text + JSON.stringify(told.calls))?.[1] ?? -1);
}

/** Every call that a client told, beside what the collector wrote of it. `spurious`: answers in the events that no client told. */
export function compare(told: readonly Told[], served: readonly Served[], events: readonly OispEvent[]) {
  const byNumber = new Map(served.map((one) => [one.n, one]));
  const known = new Set<string>();
  const compared = told.map((one): Compared => {
    const found = byNumber.get(numberIn(one));
    if (found === undefined) throw new Error(`no answer of the server is what ${JSON.stringify(one)} tells`);
    known.add(found.id);
    return { told: one, served: found, differences: differencesOf(one, found, events) };
  });
  const spurious = events.filter(
    (event) => isEvent(event, 'ai.response') && !known.has(event.data.provider_request_id ?? ''),
  );
  return { compared, spurious };
}

function differencesOf(told: Told, served: Served, events: readonly OispEvent[]): string[] {
  const responses = events
    .filter((event) => isEvent(event, 'ai.response'))
    .filter((event) => event.data.provider_request_id === served.id);
  const [response] = responses;
  if (response === undefined) return ['not seen'];
  if (responses.length > 1) return ['seen more than once'];
  const { data } = response;
  const isMine = (event: OispEvent): boolean =>
    (event.data as { readonly request_id?: string }).request_id === data.request_id;
  const mine = events.filter(isMine);
  const request = mine.find((event) => isEvent(event, 'ai.request'));
  const usage = data.usage ?? {};
  const message = data.choices?.[0]?.message;
  const calls = mine.filter((event) => isEvent(event, 'agent.tool_call'));
  const results = mine.filter((event) => isEvent(event, 'agent.tool_result'));
  const hasIds = told.calls.every((call) => call.id !== undefined);
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['id', data.provider_request_id, told.id ?? served.id],
    ['model', data.model?.id, told.model ?? served.model],
    [
      'finish',
      data.finish_reason,
      told.calls.length > 0 && told.finish === 'completed' ? 'tool_calls' : FINISH[told.finish],
    ],
    ['text', message?.content ?? '', told.text],
    ['input tokens', usage.prompt_tokens, told.usage.input ?? usage.prompt_tokens],
    ['output tokens', usage.completion_tokens, told.usage.output ?? usage.completion_tokens],
    ['cached tokens', usage.cached_tokens, told.usage.cached ?? usage.cached_tokens],
    ['cache creation tokens', usage.cache_creation_tokens, told.usage.written ?? usage.cache_creation_tokens],
    ['reasoning tokens', usage.reasoning_tokens, told.usage.reasoning ?? usage.reasoning_tokens],
    ['streaming', data.streaming, told.isStreamed],
    ['success', data.success, true],
    ['completeness', response.confidence?.completeness, 'full'],
    ['request', request?.data.model?.id, told.asked],
    ['request streaming', request?.data.streaming, told.isStreamed],
    ['tools offered', request?.data.tools_count ?? 0, told.scenario.startsWith('tools') ? 2 : 0],
    ['prompt', request?.data.messages?.find((one) => one.role === 'user')?.content, told.prompt],
    [
      'tool calls',
      calls.map(({ data: call }) => ({
        ...(hasIds && { id: call.call_id }),
        name: call.tool.name,
        arguments: call.arguments,
      })),
      told.calls,
    ],
    [
      'tool results',
      results.map(({ data: result }) => contentOf(result.result)),
      told.results.map((one) => one.content),
    ],
    [
      'ids of tool results',
      results.map(({ data: result }) => result.call_id).filter((id) => !id.includes('.')),
      told.results.flatMap((one) => one.id ?? []),
    ],
  ];
  return pairs
    .filter(([, seen, said]) => stable(seen) !== stable(said))
    .map(([name, seen, said]) => `${name}: ${brief(seen)} instead of ${brief(said)}`);
}

/** The text in a tool result, which each API wraps in its own way. */
function contentOf(result: unknown): unknown {
  if (Array.isArray(result)) return contentOf(result[0]);
  if (typeof result === 'object' && result !== null) {
    const { output, text, content } = result as { output?: unknown; text?: unknown; content?: unknown };
    return contentOf(output ?? text ?? content);
  }
  return result;
}

function stable(value: unknown): string {
  return (
    JSON.stringify(value, (_, one: unknown) =>
      typeof one === 'object' && one !== null && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
        : one,
    ) ?? 'undefined'
  );
}

function brief(value: unknown): string {
  const text = stable(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
