import type { Message, Part } from '../../core/index.ts';

type ResultPart = Extract<Part, { type: 'tool_call_response' }>;

/** A tool result that a request brings for the first time. */
export interface FoundResult {
  readonly part: ResultPart;
  /** Place of its call among the calls of the last assistant message. */
  readonly index: number;
  /** The tool's name, where the result or its call tells. */
  readonly name: string | undefined;
}

/**
 * The results after the last message of the assistant: what stands before was sent with an earlier request. Results without ids answer
 * the calls of that message in order, or by name where the names tell (Gemini).
 */
export function resultsOf(messages: readonly Message[]): FoundResult[] {
  let start = messages.length;
  while (start > 0 && messages[start - 1]?.role !== 'assistant') start--;
  const results: ResultPart[] = [];
  for (let at = start; at < messages.length; at++)
    for (const part of messages[at]?.parts ?? [])
      if (part.type === 'tool_call_response' && part.server !== true) results.push(part);
  if (results.length === 0) return [];
  const calls = callsBefore(messages, start);
  const taken = new Set<number>();
  return results.map((part, k) => {
    const free = calls.findIndex(
      (call, i) => !taken.has(i) && (part.id !== undefined ? call.id === part.id : call.name === part.name),
    );
    const index = free >= 0 ? free : k;
    taken.add(index);
    return { part, index, name: part.name ?? (free >= 0 ? calls[free]?.name : undefined) };
  });
}

/** Calls of the assistant messages that stand together right before `end`: the Responses API has one item a call. */
function callsBefore(messages: readonly Message[], end: number): { id: string | undefined; name: string }[] {
  let start = end;
  while (start > 0 && messages[start - 1]?.role === 'assistant') start--;
  const calls: { id: string | undefined; name: string }[] = [];
  for (const message of messages.slice(start, end))
    for (const part of message.parts ?? [])
      if (part.type === 'tool_call' && part.server !== true) calls.push({ id: part.id, name: part.name });
  return calls;
}
