import type { RequestPart } from './encoder.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A list of records with the text of its group before and after it. */
interface Group {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly records: readonly Buffer[];
}

/**
 * The groups of `{"resourceX":[{"resource":{…},"scopeX":[{"scope":{…},"x":[RECORD,RECORD],…}],…}]}` as views. A record is an object six
 * brackets deep whose fourth is a list: that tells it from the attributes of the resource.
 */
function groupsOf(bytes: Buffer): Group[] {
  const groups: Group[] = [];
  const kinds: number[] = [];
  let groupFrom = 0;
  let recordFrom = 0;
  let headTo = 0;
  let tailFrom = 0;
  let records: Buffer[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      for (at++; bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (kinds.length === 2) groupFrom = at;
      if (kinds.length === 6 && kinds[3] === OPEN_LIST) recordFrom = at;
      kinds.push(byte);
      if (kinds.length === 6 && kinds[3] === OPEN_LIST) headTo = at + 1;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (kinds.length === 6 && kinds[3] === OPEN_LIST) tailFrom = at;
      kinds.pop();
      if (kinds.length === 6 && kinds[3] === OPEN_LIST) records.push(bytes.subarray(recordFrom, at + 1));
      if (kinds.length === 2 && byte === CLOSE_OBJECT) {
        groups.push({ head: bytes.subarray(groupFrom, headTo), tail: bytes.subarray(tailFrom, at + 1), records });
        records = [];
      }
    }
  }
  return groups;
}

const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

function separated(parts: readonly Buffer[]): Buffer[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [COMMA, part]));
}

/** The records from `from` to `to`, counted over all groups, as one request. */
function partOf(start: Buffer, groups: readonly Group[], from: number, to: number): RequestPart {
  const kept: Buffer[] = [];
  let before = 0;
  for (const { head, tail, records } of groups) {
    const mine = records.slice(Math.max(0, from - before), Math.max(0, to - before));
    before += records.length;
    if (mine.length > 0) kept.push(Buffer.concat([head, ...separated(mine), tail]));
  }
  return { bytes: Buffer.concat([start, ...separated(kept), END]), items: to - from };
}

/**
 * Two requests with the first and the second half of a JSON request's records; undefined for fewer than two. The text of each span or log
 * record stays as it is. Reads what the encoder writes: one scope in each resource.
 */
export function splitJson(request: Buffer): readonly [RequestPart, RequestPart] | undefined {
  const groups = groupsOf(request);
  const items = groups.reduce((sum, { records }) => sum + records.length, 0);
  if (items < 2) return undefined;
  const start = request.subarray(0, request.indexOf(OPEN_LIST) + 1);
  const middle = items >> 1;
  return [partOf(start, groups, 0, middle), partOf(start, groups, middle, items)];
}
