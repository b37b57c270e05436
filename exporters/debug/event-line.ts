import type { OispEvent } from '../../core/index.ts';
import type { Verbosity } from './facts.ts';
import { clip, printable } from './text.ts';

const LONGEST_LINE = 4096;

/** Fields of `data` that say most about an event, by path, in the order shown. */
const TELLING: readonly (readonly string[])[] = [
  ['tool', 'name'],
  ['call_id'],
  ['model', 'id'],
  ['exe'],
  ['exit_code'],
  ['child_pid'],
  ['path'],
  ['old_path'],
  ['new_path'],
  ['dest', 'domain'],
  ['dest', 'ip'],
  ['dest', 'port'],
  ['query_name'],
  ['conn'],
  ['dir'],
  ['seq'],
  ['reason'],
  ['status_code'],
  ['finish_reason'],
  ['usage', 'total_tokens'],
];

/** One line for one event: time, type, process and its telling fields; the whole event as JSON when detailed. Safe to print. */
export function eventLine(event: OispEvent, verbosity: Verbosity, columns: number | undefined): string {
  const { pid, name, exe } = event.process ?? {};
  const who = pid === undefined ? '' : `  ${name ?? exe?.slice(exe.lastIndexOf('/') + 1) ?? ''}[${pid}]`;
  let line = `${event.ts}  ${event.event_type.padEnd(18)}${who}`;
  for (const path of TELLING) {
    const value = at(event.data, path);
    if (value !== undefined && typeof value !== 'object') line += `  ${path.join('.')}=${String(value)}`;
  }
  if (verbosity === 'detailed') {
    line += `  ${asJson(event)}`;
    return clip(printable(line), LONGEST_LINE);
  }
  return clip(printable(line.slice(0, LONGEST_LINE)), columns ?? LONGEST_LINE);
}

/** Bytes as their number; match keys, which mean nothing outside of the process, left out. */
function asJson(event: OispEvent): string {
  return JSON.stringify(event, (key, value: unknown) => {
    if (key === 'oisp.match') return undefined;
    if (value instanceof Uint8Array || (key === 'bytes' && typeof value === 'object')) return undefined;
    if (key === 'b64' && typeof value === 'string') return `(${value.length} characters)`;
    return value;
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}
