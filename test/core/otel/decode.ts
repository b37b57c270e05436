/** An independent reader of OTLP protobuf and OTLP/JSON for tests: both end in the same plain form, defaults left out. */
type Kind = 'string' | 'hex' | 'int' | 'enum' | 'fixed64' | 'fixed32' | 'double' | 'bool' | Schema;
interface Field {
  readonly name: string;
  readonly kind: Kind | (() => Schema);
  readonly many?: true;
}
type Schema = Readonly<Record<number, Field>>;
export type Plain = { [key: string]: unknown };

const anyValue: Schema = {
  1: { name: 'stringValue', kind: 'string' },
  2: { name: 'boolValue', kind: 'bool' },
  3: { name: 'intValue', kind: 'int' },
  4: { name: 'doubleValue', kind: 'double' },
  5: { name: 'arrayValue', kind: () => arrayValue },
  6: { name: 'kvlistValue', kind: () => kvlistValue },
};
const arrayValue: Schema = { 1: { name: 'values', kind: anyValue, many: true } };
const kvlistValue: Schema = { 1: { name: 'values', kind: () => keyValue, many: true } };
const keyValue: Schema = { 1: { name: 'key', kind: 'string' }, 2: { name: 'value', kind: anyValue } };
const attributes = { name: 'attributes', kind: keyValue, many: true } as const;
const resource: Schema = { 1: attributes, 2: { name: 'droppedAttributesCount', kind: 'enum' } };
const scope: Schema = { 1: { name: 'name', kind: 'string' }, 2: { name: 'version', kind: 'string' } };
const span: Schema = {
  1: { name: 'traceId', kind: 'hex' },
  2: { name: 'spanId', kind: 'hex' },
  4: { name: 'parentSpanId', kind: 'hex' },
  5: { name: 'name', kind: 'string' },
  6: { name: 'kind', kind: 'enum' },
  7: { name: 'startTimeUnixNano', kind: 'fixed64' },
  8: { name: 'endTimeUnixNano', kind: 'fixed64' },
  9: attributes,
  10: { name: 'droppedAttributesCount', kind: 'enum' },
  11: {
    name: 'events',
    many: true,
    kind: {
      1: { name: 'timeUnixNano', kind: 'fixed64' },
      2: { name: 'name', kind: 'string' },
      3: attributes,
      4: { name: 'droppedAttributesCount', kind: 'enum' },
    },
  },
  12: { name: 'droppedEventsCount', kind: 'enum' },
  13: {
    name: 'links',
    many: true,
    kind: {
      1: { name: 'traceId', kind: 'hex' },
      2: { name: 'spanId', kind: 'hex' },
      4: attributes,
      5: { name: 'droppedAttributesCount', kind: 'enum' },
      6: { name: 'flags', kind: 'fixed32' },
    },
  },
  14: { name: 'droppedLinksCount', kind: 'enum' },
  15: { name: 'status', kind: { 2: { name: 'message', kind: 'string' }, 3: { name: 'code', kind: 'enum' } } },
  16: { name: 'flags', kind: 'fixed32' },
};
const logRecord: Schema = {
  1: { name: 'timeUnixNano', kind: 'fixed64' },
  2: { name: 'severityNumber', kind: 'enum' },
  3: { name: 'severityText', kind: 'string' },
  6: attributes,
  7: { name: 'droppedAttributesCount', kind: 'enum' },
  8: { name: 'flags', kind: 'fixed32' },
  9: { name: 'traceId', kind: 'hex' },
  10: { name: 'spanId', kind: 'hex' },
  11: { name: 'observedTimeUnixNano', kind: 'fixed64' },
  12: { name: 'eventName', kind: 'string' },
};
const request = (outer: string, scoped: string, name: string, record: Schema): Schema => ({
  1: {
    name: outer,
    many: true,
    kind: {
      1: { name: 'resource', kind: resource },
      2: {
        name: scoped,
        many: true,
        kind: {
          1: { name: 'scope', kind: scope },
          2: { name, kind: record, many: true },
          3: { name: 'schemaUrl', kind: 'string' },
        },
      },
      3: { name: 'schemaUrl', kind: 'string' },
    },
  },
});
const TRACES = request('resourceSpans', 'scopeSpans', 'spans', span);
const LOGS = request('resourceLogs', 'scopeLogs', 'logRecords', logRecord);

function message(bytes: Buffer, schema: Schema): Plain {
  const out: Plain = {};
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (at >= bytes.length || shift > 63n) throw new Error('bad varint');
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = schema[tag >> 3];
    if (!field) throw new Error(`unknown field ${tag >> 3}`);
    const kind = typeof field.kind === 'function' ? field.kind() : field.kind;
    let value: unknown;
    switch (tag & 7) {
      case 0: {
        const n = varint();
        value = kind === 'bool' ? n === 1n : kind === 'int' ? BigInt.asIntN(64, n).toString() : Number(n);
        if (kind !== 'bool' && kind !== 'int' && kind !== 'enum') throw new Error(`${field.name} is a varint`);
        break;
      }
      case 1:
        value = kind === 'double' ? bytes.readDoubleLE(at) : bytes.readBigUInt64LE(at).toString();
        if (kind !== 'double' && kind !== 'fixed64') throw new Error(`${field.name} is 64 bits`);
        at += 8;
        break;
      case 5:
        value = bytes.readUInt32LE(at);
        if (kind !== 'fixed32') throw new Error(`${field.name} is 32 bits`);
        at += 4;
        break;
      case 2: {
        const length = Number(varint());
        if (at + length > bytes.length) throw new Error(`${field.name} is cut short`);
        const part = bytes.subarray(at, at + length);
        at += length;
        if (typeof kind === 'object') value = message(part, kind);
        else if (kind === 'string') value = new TextDecoder('utf-8', { fatal: true }).decode(part);
        else if (kind === 'hex') value = part.toString('hex');
        else throw new Error(`${field.name} has a length`);
        break;
      }
      default:
        throw new Error('bad wire type');
    }
    if (field.many) out[field.name] = [...((out[field.name] as unknown[] | undefined) ?? []), value];
    else out[field.name] = value;
  }
  return out;
}

/** Leaves out what equals a proto3 default; members of AnyValue's oneof are kept whatever they are. */
function bare(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => bare(item, key === 'values' ? 'value' : ''));
  if (typeof value !== 'object' || value === null) return value;
  if (key === 'kvlistValue') {
    const { values = [] } = value as { values?: unknown[] };
    return values.length === 0 ? {} : { values: values.map((pair) => bare(pair)) };
  }
  const out: Plain = {};
  for (const [name, inner] of Object.entries(value)) {
    const done = bare(inner, name);
    if (key === 'value') {
      out[name] = name === 'intValue' ? String(done) : done;
      continue;
    }
    if (name === 'values') {
      out[name] = done;
      continue;
    }
    const isEmpty =
      done === undefined ||
      done === 0 ||
      done === '' ||
      done === '0' ||
      (Array.isArray(done) && done.length === 0) ||
      (name !== 'value' &&
        name !== 'arrayValue' &&
        typeof done === 'object' &&
        Object.keys(done as object).length === 0);
    if (!isEmpty) out[name] = done;
  }
  if (key === 'arrayValue' && out['values'] === undefined) return {};
  if (key === 'arrayValue' && Array.isArray(out['values']) && out['values'].length === 0) return {};
  return out;
}

export function decodeTraces(bytes: Uint8Array): Plain {
  return bare(message(Buffer.from(bytes), TRACES)) as Plain;
}
export function decodeLogs(bytes: Uint8Array): Plain {
  return bare(message(Buffer.from(bytes), LOGS)) as Plain;
}
export function decodeJson(bytes: Uint8Array): Plain {
  return bare(JSON.parse(Buffer.from(bytes).toString())) as Plain;
}

/** All spans or log records of a decoded request, with their resource. */
export function recordsOf(request: Plain): Plain[] {
  const list = (value: unknown): Plain[] => (Array.isArray(value) ? value : []);
  return list(request['resourceSpans'] ?? request['resourceLogs']).flatMap((group) =>
    list(group['scopeSpans'] ?? group['scopeLogs']).flatMap((scoped) =>
      list(scoped['spans'] ?? scoped['logRecords']).map((record) => ({ ...record, resource: group['resource'] })),
    ),
  );
}

/** The decoded request with whole doubles as ints: the form in which the SDK writes them. */
export function withoutTypes<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => {
      if (
        typeof inner === 'object' &&
        inner !== null &&
        'doubleValue' in inner &&
        Number.isInteger(inner.doubleValue)
      ) {
        return { intValue: String(inner.doubleValue) };
      }
      return inner;
    }),
  );
}
