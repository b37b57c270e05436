import { isObject, type Json, parseJson } from '../json.ts';

/** The object that a text begins with. */
export interface JsonStart {
  /** Undefined where the text is no JSON. */
  readonly value: Json | undefined;
  /** The object ends within the text. */
  readonly isWhole: boolean;
}

/**
 * Reads the first JSON object of a text that may end anywhere: of an object that is cut, the fields that came, the last text as far as it goes.
 * Undefined where no object begins.
 */
export function jsonStart(text: string): JsonStart | undefined {
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  const closers: string[] = [];
  /** Up to here the text is an object that lacks nothing but its closing brackets. */
  let safe = start;
  let quote = -1;
  let isEscaped = false;
  let isValue = false;
  for (let at = start; at < text.length; at++) {
    const c = text[at];
    if (quote >= 0) {
      if (isEscaped) isEscaped = false;
      else if (c === '\\') isEscaped = true;
      else if (c === '"') quote = -1;
    } else if (c === '"') quote = at;
    else if (c === '{' || c === '[') {
      closers.push(c === '{' ? '}' : ']');
      isValue = c === '[';
      safe = at + 1;
    } else if (c === '}' || c === ']') {
      if (closers.pop() !== c) return { value: undefined, isWhole: true };
      safe = at + 1;
      if (closers.length === 0) return { value: objectIn(text.slice(start, safe)), isWhole: true };
    } else if (c === ',') {
      safe = at;
      isValue = closers.at(-1) === ']';
    } else if (c === ':') isValue = true;
  }
  const end = closers.reverse().join('');
  const asText = quote >= 0 && isValue ? objectIn(`${text.slice(start)}"${end}`) : undefined;
  return { value: asText ?? objectIn(text.slice(start, safe) + end), isWhole: false };
}

function objectIn(text: string): Json | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}
