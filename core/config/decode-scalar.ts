import { fail, holdsSecret, isNull, mismatch, type Place, plainValue, shown } from './describe.ts';
import { readDuration, suggestDuration } from './duration.ts';
import { type ConfigNode, fromPlain } from './node.ts';
import type { Problems } from './problem.ts';
import type { AnySchema, BooleanSchema, DurationSchema, NumberSchema, SizeSchema, StringSchema } from './schema.ts';
import { readSize, suggestSize } from './size.ts';
import { didYouMean } from './suggest.ts';

/** Text: only YAML strings, and the text of whole references; null is empty text where that is allowed. */
export function decodeString(node: ConfigNode, schema: StringSchema, place: Place, problems: Problems): unknown {
  let text: string;
  if (isNull(node)) {
    // The Collector reads null as empty text; where empty text is not allowed, null is as good as nothing.
    const strict =
      schema.enum !== undefined ||
      schema.format === 'url' ||
      schema.pattern !== undefined ||
      (schema.minLength ?? 0) > 0;
    if (strict) return schema.default;
    text = node.original ?? '';
  } else if (node.kind === 'scalar' && node.tag === 'string') text = String(node.value);
  else if (node.original !== undefined) text = node.original;
  else return mismatch('string', node, schema, place, problems, quoteHint(node, schema));
  const wrong = textProblem(text, schema, () => shown(node, schema));
  return wrong === undefined ? text : fail(wrong.message, node, schema, place, problems, wrong.hint);
}

interface Wrong {
  readonly message: string;
  readonly hint?: string;
}

function textProblem(text: string, schema: StringSchema, show: () => string): Wrong | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(text)) {
    return { message: `${show()} is not one of ${schema.enum.join(', ')}`, ...didYouMean(text, schema.enum) };
  }
  if (schema.minLength !== undefined && text.length < schema.minLength) {
    return { message: text === '' ? 'must not be empty' : `${show()} is shorter than ${schema.minLength} characters` };
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(text)) {
    return { message: `${show()} does not match ${schema.pattern}` };
  }
  if (schema.format === 'url' && text !== '' && !isUrl(text)) {
    return { message: `${show()} is not a URL`, hint: 'write http://127.0.0.1:4318, for example' };
  }
  if (schema.format === 'path' && text.includes('\0')) return { message: 'a path cannot hold a NUL character' };
  if (schema.format === 'regex') {
    try {
      new RegExp(text, 'u');
    } catch {
      return {
        message: `${show()} is not a regular expression`,
        hint: 'see ECMAScript regular expressions with the u flag',
      };
    }
  }
  return undefined;
}

function isUrl(text: string): boolean {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]/.test(text) && URL.canParse(text);
}

/** A number; whole ones are cut as in Go, null is 0 where that is allowed. */
export function decodeNumber(node: ConfigNode, schema: NumberSchema, place: Place, problems: Problems): unknown {
  let value: number;
  if (isNull(node)) {
    if (rangeProblem(0, schema) !== undefined) return schema.default;
    value = 0;
  } else if (node.kind === 'scalar' && typeof node.value === 'number') {
    value = node.value;
    if (!Number.isFinite(value))
      return fail(`${shown(node, schema)} is not a finite number`, node, schema, place, problems);
    if (schema.type === 'integer' && !Number.isInteger(value)) {
      const message = `${shown(node, schema)} is cut to ${node.origin.via === undefined ? Math.trunc(value) : 'a whole number'}`;
      problems.report({
        message,
        path: place.path,
        at: node.origin,
        hint: 'write a whole number',
        severity: 'warning',
      });
      value = Math.trunc(value);
    }
  } else {
    const hint =
      node.kind === 'scalar' && /^[-+]?\d/.test(String(node.value)) ? 'write the number without quotes' : undefined;
    return mismatch(schema.type === 'integer' ? 'int' : 'float64', node, schema, place, problems, hint);
  }
  const wrong = rangeProblem(value, schema);
  return wrong === undefined ? value : fail(`${shown(node, schema)} ${wrong}`, node, schema, place, problems);
}

function rangeProblem(value: number, schema: NumberSchema): string | undefined {
  if (schema.minimum !== undefined && value < schema.minimum) return `is less than ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `is more than ${schema.maximum}`;
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
    return `is not more than ${schema.exclusiveMinimum}`;
  return undefined;
}

/** Milliseconds of a Go duration; bare numbers are nanoseconds. */
export function decodeDuration(node: ConfigNode, schema: DurationSchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return ofDefault(schema, node, (written) => decodeDuration(written, schema, place, problems));
  if (node.kind === 'scalar' && typeof node.value === 'number' && Number.isFinite(node.value)) {
    const ns = Math.trunc(node.value);
    if (ns !== 0) {
      const message = `${shown(node, schema)} without a unit is nanoseconds`;
      problems.report({
        message,
        path: place.path,
        at: node.origin,
        hint: node.origin.via === undefined ? `write ${ns}s or ${ns}ms` : 'give it a unit: 5s or 200ms',
        severity: 'warning',
      });
    }
    return ns / 1e6;
  }
  if (node.kind !== 'scalar' || node.tag !== 'string')
    return mismatch('time.Duration', node, schema, place, problems, 'write 5s, for example');
  const text = String(node.value);
  const result = readDuration(text);
  if ('ms' in result) return result.ms;
  return fail(
    `${shown(node, schema)} is not a duration`,
    node,
    schema,
    place,
    problems,
    `write ${suggestDuration(node.origin.via === undefined ? text : '')}`,
  );
}

/** Bytes of a size with unit or a bare number. */
export function decodeSize(node: ConfigNode, schema: SizeSchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return ofDefault(schema, node, (written) => decodeSize(written, schema, place, problems));
  if (node.kind === 'scalar' && (node.tag === 'string' || node.tag === 'int')) {
    const bytes = readSize(String(node.value));
    if (bytes !== undefined) return bytes;
    return fail(
      `${shown(node, schema)} is not a size`,
      node,
      schema,
      place,
      problems,
      `write ${suggestSize(node.origin.via === undefined ? String(node.value) : '')}`,
    );
  }
  return mismatch('string', node, schema, place, problems, 'write 64MiB, for example');
}

function quoteHint(node: ConfigNode, schema: AnySchema): string | undefined {
  if (holdsSecret(schema)) return 'write it in quotes';
  const value = plainValue(node);
  if (value === undefined || node.kind !== 'scalar') return node.kind === 'scalar' ? undefined : 'write text';
  const { source, start, end } = node.origin;
  return `write "${source.text.slice(start, end) || String(value)}" in quotes`;
}

/** A default, decoded as if it were written. */
function ofDefault(
  schema: DurationSchema | SizeSchema,
  node: ConfigNode,
  decodeWritten: (written: ConfigNode) => unknown,
): unknown {
  return schema.default === undefined ? undefined : decodeWritten(fromPlain(schema.default, node.origin));
}

/** true or false as YAML 1.2 has them. */
export function decodeBoolean(node: ConfigNode, schema: BooleanSchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return schema.default;
  if (node.kind === 'scalar' && node.tag === 'bool') return node.value;
  return mismatch('bool', node, schema, place, problems, 'write true or false');
}
