/** A file that a process may run code from. */
export interface MappedFile {
  /** Addresses of the mapping, as the names in `/proc/PID/map_files` have them. */
  readonly range: string;
  /** As the process sees it, in its own mount namespace; without the mark of a deleted file. */
  readonly path: string;
  /** Major and minor number in hex (`fe:01`). */
  readonly device: string;
  readonly inode: string;
  readonly isDeleted: boolean;
}

const MAX_LINES = 65_536;
const DELETED = ' (deleted)';

/**
 * The files that are mapped for running code, each once, from the text of `/proc/PID/maps` (proc_pid_maps(5)):
 *
 *     7f2c4a5ff000-7f2c4a700000 r-xp 00022000 fe:01 396    /usr/lib/libssl.so.3 (deleted)
 *
 * A line break in a path is there as `\012`. What has no inode (`[vdso]`, memory of no file) is left out.
 */
export function mappedFiles(maps: string): MappedFile[] {
  const found = new Map<string, MappedFile>();
  let start = 0;
  for (let count = 0; count < MAX_LINES && start < maps.length; count++) {
    const lineEnd = maps.indexOf('\n', start);
    const end = lineEnd === -1 ? maps.length : lineEnd;
    const file = mappedFile(maps.slice(start, end));
    if (file !== undefined) found.set(`${file.device} ${file.inode}`, file);
    start = end + 1;
  }
  return [...found.values()];
}

function mappedFile(line: string): MappedFile | undefined {
  const [, range, device, inode, rest] =
    /^([\da-f]+-[\da-f]+) ..x. [\da-f]+ ([\da-f]+:[\da-f]+) (\d+) +(\/.*)$/.exec(line) ?? [];
  if (range === undefined || device === undefined || inode === undefined || inode === '0' || rest === undefined)
    return undefined;
  const isDeleted = rest.endsWith(DELETED);
  const path = (isDeleted ? rest.slice(0, -DELETED.length) : rest).replaceAll('\\012', '\n');
  return { range, path, device, inode, isDeleted };
}

const MAGIC = 'glibc-ld.so.cache1.1';
const OLD_MAGIC = 'ld.so-1.7.0\0';
const HEADER = 48;
const ENTRY = 24;
const OLD_HEADER = 16;
const OLD_ENTRY = 12;
/** FLAG_ELF_LIBC6 | FLAG_X8664_LIB64 */
const X86_64 = 0x0303;
const MAX_ENTRIES = 65_536;
const MAX_NAME = 4096;
const MAX_PATHS = 16;

/**
 * Paths of libraries for x86-64 by their soname, from the bytes of `/etc/ld.so.cache` (glibc, sysdeps/generic/dl-cache.h). Empty when the
 * bytes are of another format; an entry that points outside is left out.
 *
 *     magic, version 20, count u32, strings u32, 20 more | (flags u32, name u32, path u32, 12 more) × count | strings
 *
 * An old table may stand in front. Names and paths count from the begin of the magic.
 */
export function linkerCache(bytes: Buffer): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  const cache = bytes.subarray(beginOfCache(bytes));
  if (cache.length < HEADER || cache.toString('latin1', 0, MAGIC.length) !== MAGIC) return paths;
  const count = Math.min(cache.readUInt32LE(20), MAX_ENTRIES, Math.floor((cache.length - HEADER) / ENTRY));
  for (let at = HEADER; at < HEADER + count * ENTRY; at += ENTRY) {
    if (cache.readUInt32LE(at) !== X86_64) continue;
    const name = textAt(cache, cache.readUInt32LE(at + 4));
    const path = textAt(cache, cache.readUInt32LE(at + 8));
    if (name === undefined || path === undefined) continue;
    const known = paths.get(name);
    if (known === undefined) paths.set(name, [path]);
    else if (known.length < MAX_PATHS && !known.includes(path)) known.push(path);
  }
  return paths;
}

function beginOfCache(bytes: Buffer): number {
  if (bytes.length < OLD_HEADER || bytes.toString('latin1', 0, OLD_MAGIC.length) !== OLD_MAGIC) return 0;
  return Math.ceil((OLD_HEADER + bytes.readUInt32LE(12) * OLD_ENTRY) / 8) * 8;
}

function textAt(cache: Buffer, at: number): string | undefined {
  const text = cache.subarray(at, at + MAX_NAME);
  const end = text.indexOf(0);
  return end <= 0 ? undefined : text.toString('utf8', 0, end);
}
