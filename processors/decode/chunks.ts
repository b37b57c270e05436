import type { ToolCall } from '../../core/index.ts';
import { isObject, type Json, list, number, object, text } from './json.ts';
import { finishOf } from './normal.ts';

interface Piece {
  /** Of several choices, which one. */
  readonly choice?: number;
  readonly role?: string | undefined;
  readonly content?: string | undefined;
  readonly reasoning?: string | undefined;
  readonly tools?: readonly Partial<ToolCall>[];
  /** The provider's word. */
  readonly finish?: string | undefined;
}

/** `data` of `ai.streaming_chunk`. */
export interface ChunkData {
  readonly request_id: string;
  readonly chunk_index: number;
  /** `reasoning` and `choice` are ours. */
  readonly delta: {
    readonly role?: string;
    readonly content?: string;
    readonly reasoning?: string;
    readonly tool_calls?: readonly Partial<ToolCall>[];
    readonly choice?: number;
  };
  readonly finish_reason?: string;
}

/** Numbers the pieces of one streamed answer. A role that comes alone goes with the piece after it. */
export class Chunks {
  readonly #requestId: string;
  #index = 0;
  #role: string | undefined;

  constructor(requestId: string) {
    this.#requestId = requestId;
  }

  /** The pieces of content in one event of the stream. */
  push(event: Json, name: string | undefined): ChunkData[] {
    const chunks: ChunkData[] = [];
    for (const { choice, role, content, reasoning, tools, finish } of piecesOf(event, name)) {
      this.#role ??= role;
      const isContent = content !== undefined || reasoning !== undefined || (tools !== undefined && tools.length > 0);
      if (!isContent && finish === undefined) continue;
      chunks.push({
        request_id: this.#requestId,
        chunk_index: this.#index++,
        delta: {
          ...(isContent && this.#role !== undefined && { role: this.#role }),
          ...(content !== undefined && { content }),
          ...(reasoning !== undefined && { reasoning }),
          ...(tools !== undefined && tools.length > 0 && { tool_calls: tools }),
          ...(choice !== undefined && choice > 0 && { choice }),
        },
        ...(finish !== undefined && { finish_reason: finishOf(finish) }),
      });
      if (isContent) this.#role = undefined;
    }
    return chunks;
  }
}

/** What one event of a stream adds, by its shape: the APIs' references as the flavours name them. */
function piecesOf(event: Json, name: string | undefined): readonly Piece[] {
  if (Array.isArray(event['choices'])) return event['choices'].filter(isObject).map(choicePiece);
  const inner = isObject(event['response']) ? event['response'] : event;
  if (Array.isArray(inner['candidates'])) return inner['candidates'].filter(isObject).map(candidatePiece);
  const type = text(event['type']) ?? name ?? '';
  const delta = object(event['delta']);
  switch (type) {
    // Anthropic
    case 'message_start':
      return [{ role: text(object(event['message'])['role']) }];
    case 'content_block_start': {
      const block = object(event['content_block']);
      return block['type'] === 'tool_use' ? [{ tools: [call(block['id'], block['name'], undefined)] }] : [];
    }
    case 'content_block_delta': {
      const args = text(delta['partial_json']);
      return [
        {
          content: text(delta['text']),
          reasoning: text(delta['thinking']),
          ...(args !== undefined && { tools: [call(undefined, undefined, args)] }),
        },
      ];
    }
    case 'message_delta':
      return [{ finish: text(delta['stop_reason']) }];
    // OpenAI Responses
    case 'response.output_text.delta':
      return [{ content: text(event['delta']) }];
    case 'response.reasoning_summary_text.delta':
    case 'response.reasoning_text.delta':
      return [{ reasoning: text(event['delta']) }];
    case 'response.output_item.added': {
      const item = object(event['item']);
      if (item['type'] === 'function_call') return [{ tools: [call(item['call_id'], item['name'], undefined)] }];
      return [{ role: text(item['role']) }];
    }
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta':
      return [{ tools: [call(undefined, undefined, text(event['delta']))] }];
    case 'response.completed':
    case 'response.incomplete':
      return [{ finish: text(object(event['response'])['status']) }];
    // OpenAI Assistants
    case 'thread.message.delta': {
      const words = list(delta['content']).map((part) => text(object(object(part)['text'])['value']) ?? '');
      return [{ role: text(delta['role']), content: words.join('') || undefined }];
    }
    default:
      return messagePiece(event);
  }
}

/** OpenAI Chat Completions and Completions. */
function choicePiece(entry: Json): Piece {
  const delta = object(entry['delta'] ?? entry['message']);
  return {
    choice: number(entry['index']) ?? 0,
    role: text(delta['role']),
    content: text(delta['content']) ?? text(entry['text']),
    reasoning: text(delta['reasoning_content']) ?? text(delta['reasoning']),
    tools: list(delta['tool_calls'])
      .filter(isObject)
      .map((tool) => {
        const fn = object(tool['function']);
        return call(tool['id'], fn['name'], text(fn['arguments']));
      }),
    finish: text(entry['finish_reason']),
  };
}

/** Gemini: calls come whole. */
function candidatePiece(entry: Json): Piece {
  const content = object(entry['content']);
  let words = '';
  let thoughts = '';
  const tools: Partial<ToolCall>[] = [];
  for (const part of list(content['parts'])) {
    if (!isObject(part)) continue;
    const fn = part['functionCall'];
    if (isObject(fn)) tools.push(call(fn['id'], fn['name'], JSON.stringify(fn['args'] ?? {})));
    else if (part['thought'] === true) thoughts += text(part['text']) ?? '';
    else words += text(part['text']) ?? '';
  }
  return {
    choice: number(entry['index']) ?? 0,
    role: content['role'] === 'model' ? 'assistant' : undefined,
    content: words || undefined,
    reasoning: thoughts || undefined,
    tools,
    finish: text(entry['finishReason']),
  };
}

/** Ollama's `message` and `response`; Cohere's `delta.message.content.text`; Bedrock's `contentBlockDelta`. */
function messagePiece(event: Json): readonly Piece[] {
  const message = object(event['message']);
  const cohere = object(object(object(object(event['delta'])['message']))['content']);
  const bedrock = object(object(event['contentBlockDelta'] ?? event)['delta']);
  const content =
    text(message['content']) ??
    text(event['response']) ??
    text(cohere['text']) ??
    text(bedrock['text']) ??
    completionOf(event);
  return [
    {
      role: text(message['role']) ?? text(event['role']),
      content,
      reasoning: text(message['thinking']) ?? text(cohere['thinking']),
      finish: text(event['done_reason']) ?? text(object(event['messageStop'] ?? event)['stopReason']),
    },
  ];
}

/** The text APIs: Titan's `outputText`, Llama's `generation`, Mistral's `outputs` (Bedrock), Claude's `completion`, TGI's `token`, Cohere's v1. */
function completionOf(event: Json): string | undefined {
  return (
    text(event['outputText']) ??
    text(object(list(event['results'])[0])['generated_text']) ??
    text(event['generation']) ??
    text(event['completion']) ??
    text(object(list(event['outputs'])[0])['text']) ??
    text(object(event['token'])['text']) ??
    (event['event_type'] === 'text-generation' || event['is_finished'] === false ? text(event['text']) : undefined)
  );
}

function call(id: unknown, name: unknown, args: string | undefined): Partial<ToolCall> {
  const known = text(id);
  const called = text(name);
  return {
    ...(known !== undefined && { id: known }),
    ...(called !== undefined && { name: called }),
    type: 'function',
    ...(args !== undefined && { arguments: args }),
  };
}
