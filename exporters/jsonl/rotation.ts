import { readdir, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** When a file is put aside and how many are kept; 0 switches a rule off. */
export interface Rotation {
  readonly maxBytes: number;
  readonly maxDays: number;
  readonly maxBackups: number;
  /** Names and days in local time instead of UTC. */
  readonly localTime: boolean;
  readonly daily: boolean;
}

const DAY_MS = 86_400_000;

function stampOf(ms: number, localTime: boolean): string {
  const shifted = localTime ? ms - new Date(ms).getTimezoneOffset() * 60_000 : ms;
  return new Date(shifted).toISOString().slice(0, 23).replaceAll(':', '-');
}

/** The calendar day of a moment, for comparing. */
export function dayOf(ms: number, localTime: boolean): string {
  return stampOf(ms, localTime).slice(0, 10);
}

/** Whether the file is put aside before `bytes` more are written at `now`. An empty file never is. */
export function isDue(
  file: { readonly size: number; readonly writtenAt: number },
  bytes: number,
  now: number,
  rotation: Rotation,
): boolean {
  if (file.size === 0) return false;
  if (rotation.maxBytes > 0 && file.size + bytes > rotation.maxBytes) return true;
  return rotation.daily && dayOf(file.writtenAt, rotation.localTime) !== dayOf(now, rotation.localTime);
}

/** `data.jsonl` put aside is `data-2026-09-14T05-02-14.173.jsonl`, as the Collector's file exporter names it. */
export function backupName(path: string, ms: number, localTime: boolean): string {
  const ending = extname(path);
  return join(dirname(path), `${basename(path, ending)}-${stampOf(ms, localTime)}${ending}`);
}

/** Backups of a path, oldest first, with the time in their name (in the zone in which the name was made). */
async function backupsOf(path: string): Promise<{ readonly path: string; readonly ms: number }[]> {
  const ending = extname(path);
  const start = `${basename(path, ending)}-`;
  const found: { path: string; ms: number }[] = [];
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(start) || !name.endsWith(ending)) continue;
    const stamp = name.slice(start.length, name.length - ending.length);
    const parts = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(stamp);
    if (!parts) continue;
    found.push({ path: join(dirname(path), name), ms: Date.parse(`${parts[1]}T${parts[2]}:${parts[3]}:${parts[4]}Z`) });
  }
  return found.sort((a, b) => a.ms - b.ms);
}

/** Deletes backups that are too many or too old. Returns how many went. */
export async function prune(path: string, now: number, rotation: Rotation): Promise<number> {
  if (rotation.maxBackups === 0 && rotation.maxDays === 0) return 0;
  const backups = await backupsOf(path);
  const oldest = rotation.maxDays > 0 ? now - rotation.maxDays * DAY_MS : Number.NEGATIVE_INFINITY;
  const surplus = rotation.maxBackups > 0 ? backups.length - rotation.maxBackups : 0;
  const gone = backups.filter((backup, i) => i < surplus || backup.ms < oldest);
  for (const backup of gone) await unlink(backup.path);
  return gone.length;
}
