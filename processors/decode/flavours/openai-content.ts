import type { Message, Part, ToolCall } from '../../../core/index.ts';
import type { NormalRequest } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import {
  callPart,
  mediaPart,
  message,
  readerOfTools,
  reasoningPart,
  roleOf,
  sealedPart,
  serverCallPart,
  serverResultPart,
  textPart,
  tool,
} from '../normal.ts';

/** Tools and functions that a request offers. */
export function readTools(body: Json): NormalRequest['tools'] {
  const tools = readList(body['tools']);
  const functions = readList(body['functions']);
  return tools && functions ? [...tools, ...functions] : (tools ?? functions);
}

const readList = readerOfTools((entry) => {
  const fn = isObject(entry['function']) ? entry['function'] : isObject(entry['custom']) ? entry['custom'] : entry;
  return tool(fn['name'], entry['type'] ?? 'function', fn['description'], fn['parameters'] ?? fn['format']);
});

/** A message of Chat Completions, of a request or an answer. Source: platform.openai.com/docs/api-reference/chat/create (2026-11). */
export function readMessage(wire: Json): Message {
  const { role, attrs } = roleOf(wire['role']);
  const name = text(wire['name']);
  if (role === 'tool' || role === 'function') return readResult(wire, role, name);
  const parts: Part[] = [];
  const words = reasoningOf(wire);
  if (words !== undefined) parts.push(reasoningPart(words));
  const sealed = sealedIn(wire);
  if (sealed !== '') parts.push(sealedPart(sealed));
  for (const part of readExecuted(wire)) parts.push(part);
  readContent(wire['content'], parts);
  const refusal = text(wire['refusal']);
  if (refusal !== undefined) parts.push({ type: 'other', kind: 'refusal', content: refusal });
  for (const part of readAudio(wire['audio'])) parts.push(part);
  readContent(wire['images'], parts);
  for (const call of callsOf(wire)) parts.push(callPart(call));
  return message(role, parts, name === undefined ? attrs && { attrs } : attrs ? { name, attrs } : { name });
}

function readResult(wire: Json, role: 'tool' | 'function', name: string | undefined): Message {
  const id = text(wire['tool_call_id']);
  const content = wire['content'];
  const plain = typeof content === 'string' ? content : textOf(content);
  // blocks as parts, so that the bytes of an image stay out; blocks of another provider as they are (Cohere's documents)
  const blocks: Part[] = [];
  if (plain === undefined) readContent(content, blocks);
  const known = blocks.length > 0 && blocks.every((part) => part.type !== 'other');
  return {
    role,
    ...(plain !== undefined && { content: plain }),
    parts: [
      {
        type: 'tool_call_response',
        ...(id !== undefined && { id }),
        ...(name !== undefined && { name }),
        response: plain ?? (known ? blocks : (content ?? '')),
      },
    ],
    ...(id !== undefined && { tool_call_id: id }),
    ...(name !== undefined && { name }),
  };
}

function textOf(content: unknown): string | undefined {
  const texts = list(content).map((part) => object(part)['text']);
  return texts.length > 0 && texts.every((t) => typeof t === 'string') ? texts.join('\n') : undefined;
}

/** Thoughts by any of their names: DeepSeek and vLLM `reasoning_content`, Groq and OpenRouter `reasoning`, OpenRouter's `reasoning_details`. */
export function reasoningOf(wire: Json): string | undefined {
  const plain = text(wire['reasoning_content']) ?? text(wire['reasoning']);
  if (plain !== undefined) return plain;
  let words = '';
  for (const entry of list(wire['reasoning_details'])) {
    const detail = object(entry);
    words += text(detail['text']) ?? text(detail['summary']) ?? '';
  }
  return words === '' ? undefined : words;
}

/** Thoughts that only the provider can read, in base64. */
export function sealedIn(wire: Json): string {
  let sealed = '';
  for (const entry of list(wire['reasoning_details'])) {
    const detail = object(entry);
    if (detail['type'] === 'reasoning.encrypted') sealed += text(detail['data']) ?? '';
  }
  return sealed;
}

/** Tools that Groq's compound systems ran themselves. */
export function readExecuted(wire: Json): Part[] {
  const executed = list(wire['executed_tools']);
  if (executed.length === 0) return [];
  return executed.filter(isObject).flatMap((entry) => {
    const id = number(entry['index']);
    const name = text(entry['name']) ?? text(entry['type']) ?? 'unknown';
    const of = id === undefined ? undefined : String(id);
    const call = serverCallPart(of, name, parseArguments(entry['arguments'] ?? {}));
    return entry['output'] === undefined ? [call] : [call, serverResultPart(of, name, entry['output'])];
  });
}

/** Spoken answers: what was said, the sound as its size, an earlier one by its id. `content` of such a message is null on the wire. */
export function readAudio(wire: unknown): Part[] {
  if (!isObject(wire)) return [];
  const words = text(wire['transcript']);
  const data = text(wire['data']);
  const id = text(wire['id']);
  if (words === undefined && data === undefined)
    return id === undefined ? [] : [{ type: 'file', modality: 'audio', file_id: id }];
  return [
    ...(words === undefined ? [] : [transcriptPart(words)]),
    ...(data === undefined ? [] : [mediaPart('audio', undefined, data)]),
  ];
}

/** What a sound says. */
export function transcriptPart(words: string): Part {
  return { type: 'other', kind: 'transcript', content: words };
}

/** Blocks of a message's content: a text, or a list. */
export function readContent(content: unknown, parts: Part[]): void {
  if (typeof content === 'string') {
    if (content !== '') parts.push(textPart(content));
    return;
  }
  for (const block of list(content)) {
    if (typeof block === 'string') parts.push(textPart(block));
    else if (isObject(block)) parts.push(readBlock(block));
  }
}

function readBlock(block: Json): Part {
  const type = text(block['type']) ?? 'unknown';
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return textPart(String(block['text'] ?? ''));
    case 'refusal':
      return { type: 'other', kind: 'refusal', content: block['refusal'] };
    case 'thinking':
      return reasoningPart(textOf(block['thinking']) ?? text(block['thinking']) ?? '');
    case 'image_url': {
      const url = block['image_url'];
      return mediaPart('image', text(url) ?? text(object(url)['url']));
    }
    case 'video_url':
    case 'audio_url': {
      const url = block[type];
      return mediaPart(type.slice(0, 5), text(url) ?? text(object(url)['url']));
    }
    case 'document_url':
      return mediaPart('document', text(block['document_url']));
    case 'input_audio': {
      const audio = object(block['input_audio']);
      const mime = `audio/${text(audio['format']) ?? 'wav'}`;
      return mediaPart('audio', undefined, text(audio['data']) ?? text(block['input_audio']) ?? '', mime);
    }
    case 'file': {
      const file = object(block['file']);
      const id = text(file['file_id']) ?? text(block['file_id']);
      return id === undefined
        ? mediaPart('document', text(file['file_data']))
        : { type: 'file', modality: 'document', file_id: id };
    }
    default:
      return { type: 'other', kind: type };
  }
}

/** Calls that the agent is to make; `function_call` is the form of old. */
export function callsOf(wire: Json): ToolCall[] {
  const calls: ToolCall[] = [];
  for (const entry of list(wire['tool_calls'])) {
    if (!isObject(entry)) continue;
    const custom = entry['custom'];
    if (isObject(custom)) calls.push(customCall(text(entry['id']), custom['name'], custom['input']));
    else {
      const fn = object(entry['function']);
      calls.push(toolCall(text(entry['id']), fn['name'], fn['arguments']));
    }
  }
  const old = wire['function_call'];
  if (isObject(old)) calls.push(toolCall(undefined, old['name'], old['arguments']));
  return calls;
}

export function toolCall(id: string | undefined, name: unknown, args: unknown): ToolCall {
  const call = { name: text(name) ?? 'unknown', type: 'function', arguments: parseArguments(args) } as const;
  return id === undefined ? call : { id, ...call };
}

/** A tool that takes free text: whatever it looks like, it is no JSON. */
export function customCall(id: string | undefined, name: unknown, input: unknown): ToolCall {
  return { ...(id !== undefined && { id }), name: text(name) ?? 'unknown', type: 'function', arguments: input ?? '' };
}
