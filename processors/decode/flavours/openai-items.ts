import type { Message, Part, ToolCall } from '../../../core/index.ts';
import { isObject, type Json, list, object, parseArguments, text } from '../json.ts';
import {
  callPart,
  mediaPart,
  message,
  reasoningPart,
  roleOf,
  sealedPart,
  serverCallPart,
  serverResultPart,
  textPart,
} from '../normal.ts';

/** Items by which the client's own tools are called, and the field of their arguments. */
const CALLS: Readonly<Record<string, string>> = {
  function_call: 'arguments',
  custom_tool_call: 'input',
  local_shell_call: 'action',
  shell_call: 'action',
  apply_patch_call: 'operation',
  computer_call: 'action',
};

/** The call that an item asks the client for; undefined for every other item. */
export function callOf(item: Json): ToolCall | undefined {
  const type = text(item['type']) ?? '';
  const field = Object.hasOwn(CALLS, type) ? CALLS[type] : undefined;
  if (field === undefined) return undefined;
  const id = text(item['call_id']) ?? text(item['id']);
  const args = type === 'computer_call' ? (item['action'] ?? item['actions']) : item[field];
  return {
    ...(id !== undefined && { id }),
    name: text(item['name']) ?? type.replace(/_call$/, ''),
    type: 'function',
    arguments: type === 'function_call' ? parseArguments(args) : args,
  };
}

/** Built-in tools that the provider runs: what they were asked, and what came of it where the item tells. */
type ServerTool = (item: Json) => {
  readonly name?: string | undefined;
  readonly args: unknown;
  readonly result?: unknown;
};

const SERVER_TOOLS: Readonly<Record<string, ServerTool>> = {
  web_search_call: (item) => {
    const { sources, ...action } = object(item['action']);
    return { args: action, result: sources };
  },
  file_search_call: (item) => ({ args: { queries: item['queries'] ?? [] }, result: item['results'] ?? undefined }),
  code_interpreter_call: (item) => ({
    args: { code: item['code'] ?? '', container_id: item['container_id'] },
    result: Array.isArray(item['outputs']) ? item['outputs'].map(outputBlock) : undefined,
  }),
  image_generation_call: (item) => {
    const image = text(item['result']);
    const args = { prompt: item['revised_prompt'], size: item['size'], quality: item['quality'] };
    return { args, result: image === undefined ? undefined : [mediaPart('image', undefined, image)] };
  },
  mcp_call: (item) => ({
    name: text(item['name']),
    args: parseArguments(item['arguments'] ?? {}),
    result: item['error'] ?? item['output'] ?? undefined,
  }),
  mcp_list_tools: (item) => ({
    args: { server_label: item['server_label'] },
    result: item['error'] ?? list(item['tools']).map((entry) => object(entry)['name']),
  }),
  tool_search_call: (item) => ({ args: item['arguments'] ?? {} }),
};

function outputBlock(block: unknown): unknown {
  const wire = object(block);
  if (wire['type'] === 'image') return mediaPart('image', text(wire['url']));
  return wire['type'] === 'logs' ? textPart(text(wire['logs']) ?? '') : block;
}

function serverParts(item: Json, type: string): Part[] | undefined {
  const read = Object.hasOwn(SERVER_TOOLS, type) ? SERVER_TOOLS[type] : undefined;
  if (read === undefined) return undefined;
  const { name = type.replace(/_call$/, ''), args, result } = read(item);
  const id = text(item['id']);
  const failed = item['status'] === 'failed' || (item['error'] !== undefined && item['error'] !== null);
  const call = serverCallPart(id, name, args);
  return result === undefined && !failed ? [call] : [call, serverResultPart(id, name, result, failed)];
}

/** An item of the input or the output as a message. Source: platform.openai.com/docs/api-reference/responses/object (2026-11). */
export function readItem(item: Json): Message {
  const type = text(item['type']) ?? 'message';
  if (type === 'message') {
    const { role, attrs } = roleOf(item['role']);
    return message(role, readContent(item['content']), attrs && { attrs });
  }
  const call = callOf(item);
  if (call !== undefined) return message('assistant', [callPart(call)]);
  if (type.endsWith('_call_output')) return readOutput(item);
  if (type === 'reasoning') return message('assistant', readReasoning(item));
  const served = serverParts(item, type);
  if (served !== undefined) return message('assistant', served);
  const sealed = text(item['encrypted_content']);
  if (sealed !== undefined) return message('assistant', [sealedPart(sealed)]);
  return message('assistant', [{ type: 'other', kind: type }]);
}

function readOutput(item: Json): Message {
  const id = text(item['call_id']) ?? text(item['id']);
  const output = item['output'];
  const failed = item['status'] === 'failed' || item['status'] === 'incomplete';
  return {
    role: 'tool',
    ...(typeof output === 'string' && { content: output }),
    parts: [
      {
        type: 'tool_call_response',
        ...(id !== undefined && { id }),
        response: withoutBytes(output),
        ...(failed && { is_error: true }),
      },
    ],
    ...(id !== undefined && { tool_call_id: id }),
  };
}

/** An output without the bytes of its images: a screenshot, or blocks as parts. */
function withoutBytes(output: unknown): unknown {
  if (output === undefined || output === null) return '';
  if (isObject(output) && text(output['image_url']) !== undefined)
    return [mediaPart('image', text(output['image_url']))];
  if (Array.isArray(output) && output.some((block) => /^(?:in|out)put_/.test(String(object(block)['type']))))
    return readContent(output);
  return output;
}

function readReasoning(item: Json): Part[] {
  const parts: Part[] = [];
  for (const block of [...list(item['summary']), ...list(item['content'])]) {
    const words = text(object(block)['text']);
    if (words !== undefined) parts.push(reasoningPart(words));
  }
  const sealed = text(item['encrypted_content']);
  if (sealed !== undefined) parts.push(sealedPart(sealed));
  return parts;
}

function readContent(content: unknown): Part[] {
  if (typeof content === 'string') return [textPart(content)];
  const parts: Part[] = [];
  for (const block of list(content)) if (isObject(block)) parts.push(readBlock(block));
  return parts;
}

function readBlock(block: Json): Part {
  const type = text(block['type']) ?? 'unknown';
  const file = text(block['file_id']);
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return textPart(String(block['text'] ?? ''));
    case 'reasoning_text':
    case 'summary_text':
      return reasoningPart(String(block['text'] ?? ''));
    case 'refusal':
      return { type: 'other', kind: type, content: block['refusal'] };
    case 'input_image':
    case 'computer_screenshot':
    case 'input_file': {
      const modality = type === 'input_file' ? 'document' : 'image';
      const url = text(block['image_url']) ?? text(block['file_url']) ?? text(block['file_data']);
      return file === undefined ? mediaPart(modality, url) : { type: 'file', modality, file_id: file };
    }
    case 'input_audio': {
      const audio = object(block['input_audio']);
      return mediaPart('audio', undefined, text(audio['data']) ?? '', `audio/${text(audio['format']) ?? 'wav'}`);
    }
    default:
      return { type: 'other', kind: type };
  }
}

/** How many places of the answer name where they come from. */
export function citationsOf(items: readonly unknown[]): number {
  let found = 0;
  for (const item of items)
    for (const block of list(object(item)['content'])) found += list(object(block)['annotations']).length;
  return found;
}
