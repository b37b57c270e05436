import { formOf } from './encoder.ts';
import type { ProtoWriter } from './writer.ts';

/** Deeper values are written as JSON text. */
const MAX_DEPTH = 32;

/** A JSON value by kind. What JSON has no form for (undefined, functions, NaN) is an empty value, as null is. */
type Kind = 'string' | 'int' | 'double' | 'bool' | 'list' | 'map' | 'none';

function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number': {
      const form = Number.isInteger(value)
        ? formOf({ key: '', type: 'int', value })
        : formOf({ key: '', type: 'double', value });
      return form === 'int' || form === 'double' ? form : 'none';
    }
    case 'object':
      return value === null ? 'none' : Array.isArray(value) ? 'list' : 'map';
    default:
      return 'none';
  }
}

const present = (entry: [string, unknown]): boolean => entry[1] !== undefined;

/** An AnyValue of common.proto without its tag: string 1, bool 2, int 3, double 4, array 5, kvlist 6. */
export function writeAny(w: ProtoWriter, value: unknown, depth = 0): void {
  const kind = kindOf(value);
  switch (kind) {
    case 'string':
      w.string(0x0a, value as string);
      return;
    case 'bool':
      w.varint(0x10, value ? 1 : 0);
      return;
    case 'int':
      w.int(0x18, value as number);
      return;
    case 'double':
      w.double(0x21, value as number);
      return;
    case 'list':
    case 'map': {
      if (depth >= MAX_DEPTH) {
        w.string(0x0a, JSON.stringify(value));
        return;
      }
      const start = w.open(kind === 'list' ? 0x2a : 0x32);
      if (kind === 'list') {
        for (const item of value as readonly unknown[]) {
          const at = w.open(0x0a);
          writeAny(w, item, depth + 1);
          w.close(at);
        }
      } else {
        for (const [key, item] of Object.entries(value as object).filter(present)) {
          const at = w.open(0x0a);
          w.string(0x0a, key);
          const inner = w.open(0x12);
          writeAny(w, item, depth + 1);
          w.close(inner);
          w.close(at);
        }
      }
      w.close(start);
      return;
    }
    case 'none':
      return;
    default:
      kind satisfies never;
  }
}

/** The same as OTLP/JSON, without its braces. `quote` writes a text as JSON. */
export function anyJson(value: unknown, quote: (text: string) => string, depth = 0): string {
  const kind = kindOf(value);
  switch (kind) {
    case 'string':
      return `"stringValue":${quote(value as string)}`;
    case 'bool':
      return `"boolValue":${String(value)}`;
    case 'int':
      return `"intValue":"${Number.isSafeInteger(value) ? String(value) : String(BigInt(value as number))}"`;
    case 'double':
      return `"doubleValue":${String(value)}`;
    case 'list':
    case 'map': {
      if (depth >= MAX_DEPTH) return `"stringValue":${quote(JSON.stringify(value))}`;
      if (kind === 'list') {
        const items = (value as readonly unknown[]).map((item) => `{${anyJson(item, quote, depth + 1)}}`);
        return `"arrayValue":{"values":[${items.join(',')}]}`;
      }
      const pairs = Object.entries(value as object)
        .filter(present)
        .map(([key, item]) => `{"key":${quote(key)},"value":{${anyJson(item, quote, depth + 1)}}}`);
      return `"kvlistValue":{"values":[${pairs.join(',')}]}`;
    }
    case 'none':
      return '';
    default:
      return kind satisfies never;
  }
}
