import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What one line of strace says. `time` is the wall clock in nanoseconds at the entry of the call. */
export interface Call {
  readonly tid: number;
  readonly time: bigint;
  readonly name: string;
  /** Arguments as strace prints them. */
  readonly args: readonly string[];
  /** The return value; NaN where strace prints none (`?`). */
  readonly result: number;
}

/** The end of a thread. */
export interface End {
  readonly tid: number;
  readonly time: bigint;
  readonly exitCode?: number;
  readonly signal?: string;
}

export interface Trace {
  readonly calls: readonly Call[];
  readonly ends: readonly End[];
}

const LINE = /^(\d+)\.(\d{9}) (.*)$/;
const EXITED = /^\+\+\+ (?:exited with (\d+)|killed by (\w+)(?: \(core dumped\))?) \+\+\+$/;
const CALL = /^(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)/;

/** Reads the files `PREFIX.TID` of `strace -ff --absolute-timestamps=format:unix,precision:ns`, all threads in time order. */
export function readTrace(dir: string, prefix: string): Trace {
  const calls: Call[] = [];
  const ends: End[] = [];
  for (const file of readdirSync(dir)) {
    if (!file.startsWith(`${prefix}.`)) continue;
    const tid = Number(file.slice(prefix.length + 1));
    for (const line of readFileSync(join(dir, file), 'utf8').split('\n')) {
      const [, seconds, nanos, rest] = LINE.exec(line) ?? [];
      if (seconds === undefined || nanos === undefined || rest === undefined) continue;
      const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
      const end = EXITED.exec(rest);
      if (end) {
        ends.push({
          tid,
          time,
          ...(end[1] !== undefined && { exitCode: Number(end[1]) }),
          ...(end[2] !== undefined && { signal: end[2] }),
        });
        continue;
      }
      const call = CALL.exec(rest);
      if (!call) continue;
      const [, name = '', args = '', result = ''] = call;
      calls.push({ tid, time, name, args: splitArguments(args), result: Number(result) });
    }
  }
  const byTime = (a: { time: bigint }, b: { time: bigint }): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
  return { calls: calls.sort(byTime), ends: ends.sort(byTime) };
}

/** Cuts an argument list at its outer commas: strings, brackets, braces and `<path>` of file descriptors stay whole. */
export function splitArguments(text: string): string[] {
  const list: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === '[' || c === '{' || c === '(' || c === '<') depth++;
    else if (c === ']' || c === '}' || c === ')' || (c === '>' && text[i - 1] !== '-')) depth--;
    else if (c === ',' && depth === 0) {
      list.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  if (from < text.length) list.push(text.slice(from).trim());
  return list;
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, '\\': 92 };

/** The text of a C string as strace prints it; undefined when `text` is none. */
export function unquote(text: string | undefined): string | undefined {
  if (text === undefined || !text.startsWith('"')) return undefined;
  const end = text.lastIndexOf('"');
  const bytes: number[] = [];
  for (const [, letter, octal, plain] of text.slice(1, end).matchAll(/\\([ntrvf"\\])|\\([0-7]{1,3})|([^\\])/gu)) {
    if (letter !== undefined) bytes.push(ESCAPES[letter] ?? 63);
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else bytes.push(...Buffer.from(plain ?? ''));
  }
  return Buffer.from(bytes).toString('utf8');
}

/** The strings of `["a", "b"]`. */
export function unquoteList(text: string | undefined): string[] {
  if (text === undefined || !text.startsWith('[')) return [];
  return splitArguments(text.slice(1, -1)).map((item) => unquote(item) ?? '');
}

/** Number and target of a descriptor as `-y` prints it: `17</path>`, `AT_FDCWD</path>`. */
export function descriptor(text: string | undefined): { readonly fd: string; readonly target: string } {
  const [, fd = '', target = ''] = /^(-?\w+)(?:<(.*)>)?$/.exec(text ?? '') ?? [];
  return { fd, target };
}

/** A path argument, made absolute by the directory descriptor before it. */
export function pathAt(dir: string | undefined, name: string | undefined): string | undefined {
  const text = unquote(name);
  return text === undefined ? undefined : resolve(descriptor(dir).target || '/', text);
}
