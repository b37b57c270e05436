/** A JSON object whose fields nobody has checked. */
export type Json = { readonly [key: string]: unknown };

const NO_OBJECT: Json = Object.freeze({});
const NO_LIST: readonly unknown[] = Object.freeze([]);

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object, or an empty one. */
export function object(value: unknown): Json {
  return isObject(value) ? value : NO_OBJECT;
}

/** The array, or an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NO_LIST;
}

/** The text when there is some. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The value of JSON text; undefined when it is none. */
export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined; // the caller counts what could not be read
  }
}

/** The arguments of a call: the object where the text is one, else the text itself. */
export function parseArguments(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value === '') return {};
  const parsed = value.trimStart().startsWith('{') ? parseJson(value) : undefined;
  return isObject(parsed) ? parsed : value;
}
