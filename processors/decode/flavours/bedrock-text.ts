import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import type { NormalRequest, NormalResponse } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { callPart, compact, errorOf, message, parametersOf, roleOf, textPart, tool } from '../normal.ts';

/** What a model that takes a prompt was asked for. */
export function readPrompt(body: Json): NormalRequest {
  const config = object(body['textGenerationConfig']); // Titan
  const prompt = body['prompt'] ?? body['inputText'];
  const words = typeof prompt === 'string' ? prompt : text(object(prompt)['text']);
  return {
    streaming: false,
    messages: words === undefined ? [] : [message('user', [textPart(words)])],
    parameters: parametersOf({
      ...body,
      ...config,
      top_p: body['top_p'] ?? body['topP'] ?? body['p'] ?? config['topP'],
      top_k: body['top_k'] ?? body['topK'] ?? body['k'],
      max_tokens:
        body['max_tokens'] ??
        body['max_gen_len'] ??
        body['max_tokens_to_sample'] ??
        body['maxTokens'] ??
        config['maxTokenCount'],
    }),
  };
}

/** What one of the models that complete a prompt gave, whole or a piece of it. */
export interface Completed {
  readonly id?: string | undefined;
  readonly texts: readonly { readonly index: number; readonly text: string; readonly finish: string | undefined }[];
  readonly input?: number | undefined;
  readonly output?: number | undefined;
}

/**
 * Reads the answer of a model that completes a prompt, by its shape: Claude 2 (`completion`), Titan (`results`, `outputText`), Llama
 * (`generation`), Mistral (`outputs`), Cohere Command (`generations`, `text`), AI21 J2 (`completions`), DeepSeek and imported models
 * (`choices` with text). Undefined when it is none. Source: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (2026-11).
 */
export function completedOf(body: Json): Completed | undefined {
  if (typeof body['completion'] === 'string') return one(body['completion'], body['stop_reason']);
  if (typeof body['generation'] === 'string')
    return {
      ...one(body['generation'], body['stop_reason']),
      input: number(body['prompt_token_count']),
      output: number(body['generation_token_count']),
    };
  if (typeof body['outputText'] === 'string')
    return {
      ...one(body['outputText'], body['completionReason'], number(body['index']) ?? 0),
      input: number(body['inputTextTokenCount']),
      output: number(body['totalOutputTextTokenCount']),
    };
  if (Array.isArray(body['results']))
    return {
      texts: rows(body['results'], (row) => [row['outputText'], row['completionReason']]),
      input: number(body['inputTextTokenCount']),
      output: sumOf(body['results'], 'tokenCount'),
    };
  if (Array.isArray(body['outputs']))
    return { texts: rows(body['outputs'], (row) => [row['text'], row['stop_reason']]) };
  if (Array.isArray(body['generations']))
    return { id: text(body['id']), texts: rows(body['generations'], (row) => [row['text'], row['finish_reason']]) };
  if (Array.isArray(body['completions']))
    return {
      id: text(body['id']),
      texts: rows(body['completions'], (row) => [object(row['data'])['text'], object(row['finishReason'])['reason']]),
    };
  const choices = body['choices'];
  if (Array.isArray(choices) && choices.some((row) => typeof object(row)['text'] === 'string')) {
    const usage = object(body['usage']);
    return {
      id: text(body['id']),
      texts: rows(choices, (row) => [row['text'], row['finish_reason'] ?? row['stop_reason']]),
      input: number(usage['prompt_tokens']),
      output: number(usage['completion_tokens']),
    };
  }
  if (typeof body['text'] === 'string' && typeof body['is_finished'] === 'boolean')
    return one(body['text'], body['finish_reason'], number(body['index']) ?? 0);
  return undefined;
}

function one(words: string, finish: unknown, index = 0): Completed {
  return { texts: [{ index, text: words, finish: text(finish) }] };
}

function rows(wire: readonly unknown[], read: (row: Json) => readonly [unknown, unknown]): Completed['texts'] {
  return wire.filter(isObject).map((row, at) => {
    const [words, finish] = read(row);
    return { index: number(row['index']) ?? at, text: text(words) ?? '', finish: text(finish) };
  });
}

function sumOf(wire: readonly unknown[], name: string): number | undefined {
  let sum: number | undefined;
  for (const row of wire) {
    const value = number(object(row)[name]);
    if (value !== undefined) sum = (sum ?? 0) + value;
  }
  return sum;
}

/** A completion in normal form. */
export function completionOf(found: Completed, body: Json): NormalResponse {
  const finishReasons = found.texts.map(({ finish }) => finish).filter((word) => word !== undefined);
  return {
    id: found.id,
    model: text(body['model']),
    choices: found.texts.map(({ index, text: words, finish }) => ({
      index,
      message: message('assistant', [textPart(words)]),
      finish,
    })),
    finishReasons,
    usage: countsOf(found.input, found.output),
    error: errorOf(body),
  };
}

export function countsOf(input: number | undefined, output: number | undefined, provider?: Json): Usage | undefined {
  if (input === undefined && output === undefined) return undefined;
  return compact({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input === undefined || output === undefined ? undefined : input + output,
    provider,
  });
}

/** Cohere Command R: a message and what was said before. Source: docs.cohere.com/v1/reference/chat and Bedrock's page of it (2026-11). */
export function readCohereChat(body: Json): NormalRequest {
  const messages: Message[] = [];
  const preamble = text(body['preamble']);
  if (preamble !== undefined) messages.push(message('system', [textPart(preamble)], { attrs: { separate: true } }));
  for (const entry of list(body['chat_history'])) {
    if (!isObject(entry)) continue;
    const role = text(entry['role'])?.toLowerCase();
    const parts: Part[] = text(entry['message']) === undefined ? [] : [textPart(String(entry['message']))];
    for (const call of cohereCalls(entry['tool_calls'])) parts.push(callPart(call));
    for (const part of cohereResults(entry['tool_results'])) parts.push(part);
    messages.push(message(role === 'chatbot' ? 'assistant' : roleOf(role).role, parts));
  }
  const last: Part[] = [...(text(body['message']) === undefined ? [] : [textPart(String(body['message']))])];
  messages.push(message('user', last));
  const results = cohereResults(body['tool_results']);
  if (results.length > 0) messages.push(message('tool', results));
  const tools = list(body['tools']).filter(isObject);
  return {
    streaming: body['stream'] === true,
    messages,
    tools:
      tools.length === 0
        ? undefined
        : tools.map((t) => tool(t['name'], 'function', t['description'], t['parameter_definitions'])),
    parameters: parametersOf({ ...body, top_p: body['p'], top_k: body['k'] }),
  };
}

function cohereResults(wire: unknown): Part[] {
  return list(wire)
    .filter(isObject)
    .map((entry) => {
      const name = text(object(entry['call'])['name']);
      return { type: 'tool_call_response', ...(name !== undefined && { name }), response: entry['outputs'] ?? '' };
    });
}

function cohereCalls(wire: unknown): ToolCall[] {
  return list(wire)
    .filter(isObject)
    .map((call) => ({
      name: text(call['name']) ?? 'unknown',
      type: 'function',
      arguments: call['parameters'] ?? {},
    }));
}

/** The whole answer of Cohere Command R. */
export function cohereResponse(body: Json): NormalResponse {
  const words = text(body['text']);
  const toolCalls = cohereCalls(body['tool_calls']);
  const finish = text(body['finish_reason']);
  const billed = object(object(body['meta'])['billed_units']);
  return {
    id: text(body['response_id']) ?? text(body['generation_id']),
    choices: [
      {
        index: 0,
        message: message('assistant', [...(words === undefined ? [] : [textPart(words)]), ...toolCalls.map(callPart)]),
        finish,
      },
    ],
    finishReasons: finish === undefined ? [] : [finish],
    toolCalls,
    usage: countsOf(number(billed['input_tokens']), number(billed['output_tokens']), object(body['meta'])),
    error: errorOf(body),
  };
}
