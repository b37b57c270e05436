import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalRequest, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import { callPart, errorOf, message, parametersOf, serverCallPart, serverResultPart, textPart } from '../normal.ts';
import { openaiChat, usageOf } from './openai-chat.ts';
import { readContent, readMessage, readTools } from './openai-content.ts';

/** Mistral's code completion: a prompt and what follows it; answered like a chat. Source: docs.mistral.ai/api/endpoint/fim (2026-11). */
export const mistralFim = defineFlavour({
  ...openaiChat,
  name: 'mistral.fim',
  match: (head) =>
    head.method === 'POST' && head.path.endsWith('/fim/completions')
      ? { operation: 'text_completion', requestType: 'completion' }
      : undefined,
  request: (body) => {
    const prompt = text(body['prompt']);
    if (prompt === undefined || text(body['model']) === undefined) return undefined;
    const suffix = text(body['suffix']);
    return {
      model: text(body['model']),
      streaming: body['stream'] === true,
      messages: [message('user', [textPart(prompt), ...(suffix === undefined ? [] : [textPart(suffix)])])],
      parameters: parametersOf(body),
    };
  },
});

/** Mistral's conversations and agents, which keep their history. Source: docs.mistral.ai/api/endpoint/beta/conversations (2026-11). */
export const mistralConversations = defineFlavour({
  name: 'mistral.conversations',
  match: (head) =>
    head.method === 'POST' && head.provider?.name === 'mistral' && /\/v1\/conversations(?:\/[^/]+)?$/.test(head.path)
      ? { operation: 'chat', requestType: 'chat' }
      : undefined,
  request: (body, head) => (body['inputs'] === undefined ? undefined : readRequest(body, head.path)),
  response: (body) => {
    const entries = list(body['outputs']).filter(isObject);
    return assemble(entries, {
      usage: usageOf(body),
      error: errorOf(body),
      conversationId: text(body['conversation_id']),
    });
  },
  stream: () => new ConversationStream(),
});

function readRequest(body: Json, path: string): NormalRequest {
  const messages: Message[] = [];
  const instructions = text(body['instructions']);
  if (instructions !== undefined)
    messages.push(message('system', [textPart(instructions)], { attrs: { separate: true } }));
  const inputs = body['inputs'];
  if (typeof inputs === 'string') messages.push(message('user', [textPart(inputs)]));
  for (const entry of list(inputs)) if (isObject(entry)) messages.push(readEntry(entry));
  const agent = text(body['agent_id']);
  return {
    model: text(body['model']),
    streaming: body['stream'] === true,
    messages,
    tools: readTools(body),
    toolChoice: object(body['completion_args'])['tool_choice'],
    parameters: parametersOf(object(body['completion_args'])),
    conversationId: /\/conversations\/([^/]+)$/.exec(path)?.[1],
    attrs: agent === undefined ? undefined : { 'gen_ai.agent.id': agent },
  };
}

function readEntry(entry: Json): Message {
  if (entry['type'] === 'function.result')
    return readMessage({ role: 'tool', tool_call_id: entry['tool_call_id'], content: entry['result'] });
  const parts = readOutput(entry);
  return parts === undefined
    ? readMessage({ role: entry['role'] ?? 'user', content: entry['content'] })
    : message('assistant', parts);
}

function callOf(entry: Json): ToolCall | undefined {
  if (entry['type'] !== 'function.call') return undefined;
  const id = text(entry['tool_call_id']) ?? text(entry['id']);
  return {
    ...(id !== undefined && { id }),
    name: text(entry['name']) ?? 'unknown',
    type: 'function',
    arguments: parseArguments(entry['arguments'] ?? {}),
  };
}

function readOutput(entry: Json): Part[] | undefined {
  const call = callOf(entry);
  if (call !== undefined) return [callPart(call)];
  const parts: Part[] = [];
  switch (entry['type']) {
    case 'message.output':
      readContent(entry['content'], parts);
      return parts;
    case 'tool.execution': {
      const id = text(entry['id']);
      const name = text(entry['name']) ?? 'unknown';
      parts.push(serverCallPart(id, name, parseArguments(entry['arguments'] ?? {})));
      if (isObject(entry['info'])) parts.push(serverResultPart(id, name, entry['info']));
      return parts;
    }
    case 'agent.handoff':
      return [{ type: 'other', kind: 'agent.handoff' }];
    default:
      return undefined;
  }
}

function assemble(entries: readonly Json[], rest: NormalResponse): NormalResponse {
  const parts = entries.flatMap((entry) => readOutput(entry) ?? []);
  const toolCalls = entries.map(callOf).filter((call) => call !== undefined);
  const said = entries.find((entry) => entry['type'] === 'message.output') ?? {};
  return {
    id: text(said['id']),
    model: text(said['model']),
    choices: parts.length === 0 ? [] : [{ index: 0, message: message('assistant', parts) }],
    toolCalls,
    ...rest,
  };
}

/** Pieces of an entry, by the place of the entry among the outputs. */
class ConversationStream implements StreamReader {
  readonly #entries = new Map<number, Record<string, unknown>>();
  #conversation: string | undefined;
  #usage: Usage | undefined;
  #error: NormalResponse['error'];

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const type = text(event['type']) ?? name ?? '';
    this.#conversation ??= text(event['conversation_id']);
    switch (type) {
      case 'message.output.delta': {
        const entry = this.#at(event, 'message.output');
        entry['content'] = joined(list(entry['content']), event['content']);
        return true;
      }
      case 'function.call.delta': {
        const entry = this.#at(event, 'function.call');
        const piece = event['arguments'];
        const before = typeof entry['arguments'] === 'string' ? entry['arguments'] : '';
        entry['arguments'] = typeof piece === 'string' ? before + piece : piece;
        return true;
      }
      case 'tool.execution.started':
      case 'tool.execution.done': {
        const entry = this.#at(event, 'tool.execution');
        if (isObject(event['info'])) entry['info'] = event['info'];
        if (typeof event['arguments'] === 'string') entry['arguments'] = event['arguments'];
        return false;
      }
      case 'conversation.response.done':
        this.#usage = usageOf(event);
        for (const entry of this.#sorted()) {
          const call = callOf(entry);
          if (call !== undefined) onCall(call);
        }
        return false;
      case 'conversation.response.error':
        this.#error = {
          type: 'conversation.response.error',
          message: text(event['message']),
          code: codeOf(event['code']),
        };
        return false;
      default:
        this.#error ??= errorOf(event);
        return false;
    }
  }

  #at(event: Json, type: string): Record<string, unknown> {
    const index = number(event['output_index']) ?? 0;
    let entry = this.#entries.get(index);
    if (entry === undefined) {
      entry = {
        type,
        id: event['id'],
        model: event['model'],
        name: event['name'],
        tool_call_id: event['tool_call_id'],
      };
      this.#entries.set(index, entry);
    }
    return entry;
  }

  #sorted(): Json[] {
    return [...this.#entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
  }

  end(): NormalResponse {
    const rest = { usage: this.#usage, error: this.#error, conversationId: this.#conversation };
    return assemble(this.#sorted(), rest);
  }
}

function codeOf(code: unknown): string | undefined {
  return typeof code === 'number' ? String(code) : text(code);
}

/** Blocks so far with one more piece: text after text is one block. */
function joined(blocks: readonly unknown[], piece: unknown): unknown[] {
  const parts: Part[] = [];
  readContent(typeof piece === 'string' ? piece : [piece], parts);
  const all = [...blocks];
  for (const part of parts) {
    const kind = part.type === 'reasoning' ? 'thinking' : 'text';
    if (part.type !== 'text' && part.type !== 'reasoning') {
      all.push(piece);
      continue;
    }
    const last = object(all.at(-1));
    const words = String(part.content);
    if (last['type'] === kind) all[all.length - 1] = { type: kind, [kind]: `${String(last[kind])}${words}` };
    else all.push({ type: kind, [kind]: words });
  }
  return all;
}
