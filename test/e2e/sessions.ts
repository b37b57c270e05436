import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { formatNanos, parseNanos } from '../../core/index.ts';
import { repo } from './program.ts';

export interface Session {
  readonly name: string;
  readonly path: string;
}

const golden = join(repo, 'test/golden');
const GOLDEN = ['cursor-example', 'sub-agents-parallel', 'mcp-stdio'];

/** The shipped recording and the golden sessions that are read back from real backends. */
export const sessions: readonly Session[] = [
  { name: 'demo', path: join(repo, 'configs/demo/session.jsonl.gz') },
  ...(existsSync(golden) ? GOLDEN : []).map((name) => ({ name, path: join(golden, name, 'events.jsonl') })),
];

/** The events or captured records of a session, with all times later by one constant, so that the last one is of `end` (nanoseconds). */
export function endingAt(text: string, end: bigint): string {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  let last = 0n;
  for (const line of lines) {
    const at = parseNanos(String((JSON.parse(line) as { ts?: unknown }).ts)) ?? 0n;
    if (at > last) last = at;
  }
  const later = (key: string, value: unknown): unknown => {
    if ((key !== 'ts' && key !== 'start_time') || typeof value !== 'string') return value;
    const at = parseNanos(value);
    return at === undefined ? value : formatNanos(at + end - last);
  };
  return lines.map((line) => `${JSON.stringify(JSON.parse(line, later))}\n`).join('');
}

export function textOf({ path }: Session): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}
