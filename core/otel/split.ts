import type { RequestPart } from './encoder.ts';

interface Field {
  readonly number: number;
  /** Where the field with its tag starts and ends, and where what is in it starts. */
  readonly from: number;
  readonly body: number;
  readonly to: number;
}

/** The length-delimited fields of one message. Throws a RangeError where the bytes are no such message. */
function fieldsOf(bytes: Buffer, from: number, to: number): Field[] {
  const fields: Field[] = [];
  for (let at = from; at < to; ) {
    const tag = varint(bytes, at, to);
    const length = varint(bytes, tag.next, to);
    const end = length.next + length.value;
    if (tag.value % 8 !== 2 || end > to) throw new RangeError('not a request of this encoder');
    fields.push({ number: Math.floor(tag.value / 8), from: at, body: length.next, to: end });
    at = end;
  }
  return fields;
}

function varint(bytes: Buffer, from: number, to: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = from, scale = 1; at < to && scale <= 2 ** 28; at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new RangeError('not a request of this encoder');
}

interface Row {
  readonly record: Buffer;
  readonly resource: Buffer;
  readonly scope: Buffer;
  readonly resourceTail: Buffer;
  readonly scopeTail: Buffer;
}

/** Every span or log record of a request with what stands around it. All are views. */
function rowsOf(bytes: Buffer): Row[] {
  const rows: Row[] = [];
  const pick = (fields: readonly Field[], n: number): Buffer =>
    Buffer.concat(fields.filter((f) => f.number === n).map((f) => bytes.subarray(f.from, f.to)));
  for (const group of fieldsOf(bytes, 0, bytes.length)) {
    const inner = fieldsOf(bytes, group.body, group.to);
    const resource = pick(inner, 1);
    const resourceTail = pick(inner, 3);
    for (const scoped of inner.filter((f) => f.number === 2)) {
      const fields = fieldsOf(bytes, scoped.body, scoped.to);
      const scope = pick(fields, 1);
      const scopeTail = pick(fields, 3);
      for (const f of fields) {
        if (f.number === 2)
          rows.push({ record: bytes.subarray(f.from, f.to), resource, scope, resourceTail, scopeTail });
      }
    }
  }
  return rows;
}

function message(tag: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head: number[] = [tag];
  let rest = body.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) head.push((rest % 128) | 0x80);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), body]);
}

function requestOf(rows: readonly Row[]): RequestPart {
  const groups: Buffer[] = [];
  for (let at = 0; at < rows.length; ) {
    const first = rows[at] as Row;
    let end = at + 1;
    while (rows[end]?.scope === first.scope) end++;
    const scoped = message(0x12, [first.scope, ...rows.slice(at, end).map((row) => row.record), first.scopeTail]);
    groups.push(message(0x0a, [first.resource, scoped, first.resourceTail]));
    at = end;
  }
  return { bytes: Buffer.concat(groups), items: rows.length };
}

/**
 * Two requests with the first and the second half of a protobuf request's records, by the framing alone; undefined for fewer than two.
 * The bytes of each span or log record stay as they are. Reads what the encoder writes: nothing but length-delimited fields above the
 * records.
 */
export function splitProtobuf(request: Buffer): readonly [RequestPart, RequestPart] | undefined {
  const rows = rowsOf(request);
  if (rows.length < 2) return undefined;
  const middle = rows.length >> 1;
  return [requestOf(rows.slice(0, middle)), requestOf(rows.slice(middle))];
}
