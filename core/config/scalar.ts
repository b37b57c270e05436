import type { ScalarTag } from './node.ts';

export interface Resolved {
  readonly tag: ScalarTag;
  readonly value: string | number | boolean | null;
}

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);
const TRUES = new Set(['true', 'True', 'TRUE']);
const FALSES = new Set(['false', 'False', 'FALSE']);
const DATE =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?)?)?$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const INTEGERS: readonly (readonly [RegExp, number])[] = [
  [/^([-+]?)0[xX]([0-9a-fA-F]+)$/, 16],
  [/^([-+]?)0[bB]([01]+)$/, 2],
  [/^([-+]?)0[oO]([0-7]+)$/, 8],
  [/^([-+]?)0([0-7]+)$/, 8],
  [/^([-+]?)(0|[1-9]\d*)$/, 10],
];

/** Type and value of a plain YAML scalar as Go's yaml.v3 sees it: YAML 1.2 booleans, 1.1 octals (`0123` is 83), `_` in numbers. */
export function resolveScalar(text: string): Resolved {
  if (NULLS.has(text)) return { tag: 'null', value: null };
  if (TRUES.has(text)) return { tag: 'bool', value: true };
  if (FALSES.has(text)) return { tag: 'bool', value: false };
  if (DATE.test(text)) return { tag: 'time', value: text };
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) {
    return { tag: 'float', value: text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY };
  }
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return { tag: 'float', value: Number.NaN };
  if (/^[-+.\d]/.test(text)) {
    const digits = text.replaceAll('_', '');
    for (const [pattern, radix] of INTEGERS) {
      const match = pattern.exec(digits);
      if (match === null) continue;
      const size = Number.parseInt(match[2] ?? '', radix);
      if (size < 2 ** 64) return { tag: 'int', value: match[1] === '-' && size !== 0 ? -size : size };
    }
    if (FLOAT.test(digits)) return { tag: 'float', value: Number(digits) };
  }
  return { tag: 'string', value: text };
}
