import { type Elf, fileOffset, loadedSegments, PT_DYNAMIC, type Section, segmentAt } from './elf.ts';
import { bytesAt, ElfError, pieces, wordAt } from './source.ts';

/** What the dynamic linker reads about a file. */
export interface Dynamic {
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** The table of exported and imported symbols. */
  readonly symbols: SymbolTable | undefined;
}

/** Places in the file of a symbol table and of its strings. */
export interface SymbolTable {
  readonly offset: number;
  readonly count: number;
  readonly strings: Stretch;
}

interface Stretch {
  readonly offset: number;
  readonly size: number;
}

const DT_NEEDED = 1;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const DT_GNU_HASH = 0x6ffffef5;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const SYMBOL = 24;
const STT_FUNC = 2;
const MAX_ENTRIES = 1024;
const MAX_NAME = 1024;
const MAX_SYMBOLS = 4 << 20;
const MAX_STRINGS = 256 << 20;
const MAX_PLACES = 4096;

/** The dynamic section of a file; undefined in a static program. */
export function readDynamic(elf: Elf): Dynamic | undefined {
  const segment = elf.segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return undefined;
  const table = bytesAt(elf.source, segment.offset, Math.min(segment.size, MAX_ENTRIES * 16));
  const entries: (readonly [tag: number, at: number])[] = [];
  for (let at = 0; at + 16 <= table.length; at += 16) {
    const tag = table.readUInt32LE(at + 4) === 0 ? table.readUInt32LE(at) : -1;
    if (tag === 0) break;
    entries.push([tag, at + 8]);
  }
  const first = (wanted: number): number | undefined => {
    const at = entries.find(([tag]) => tag === wanted)?.[1];
    return at === undefined ? undefined : wordAt(table, at);
  };
  const strings = stringsAt(elf, first(DT_STRTAB), first(DT_STRSZ));
  const nameAt = (at: number | undefined): string | undefined =>
    at === undefined || strings === undefined ? undefined : textAt(elf, strings, at);
  const needed = entries.filter(([tag]) => tag === DT_NEEDED).map(([, at]) => nameAt(wordAt(table, at)) ?? '');
  return {
    needed: needed.filter((name) => name !== ''),
    soname: nameAt(first(DT_SONAME)),
    symbols: symbolsAt(elf, strings, first(DT_SYMTAB), first(DT_GNU_HASH), first(DT_HASH)),
  };
}

function stringsAt(elf: Elf, vaddr: number | undefined, size: number | undefined): Stretch | undefined {
  if (vaddr === undefined || size === undefined) return undefined;
  const segment = segmentAt(loadedSegments(elf), vaddr);
  if (segment === undefined) return undefined;
  const at = vaddr - segment.vaddr;
  return { offset: segment.offset + at, size: Math.min(size, segment.size - at) };
}

/** A string of a table, cut at 1,024 bytes. */
function textAt(elf: Elf, strings: Stretch, at: number): string | undefined {
  if (at >= strings.size) return undefined;
  const bytes = bytesAt(elf.source, strings.offset + at, Math.min(MAX_NAME, strings.size - at));
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

function symbolsAt(
  elf: Elf,
  strings: Stretch | undefined,
  vaddr: number | undefined,
  gnuHash: number | undefined,
  hash: number | undefined,
): SymbolTable | undefined {
  if (strings === undefined || vaddr === undefined) return undefined;
  const segment = segmentAt(loadedSegments(elf), vaddr);
  if (segment === undefined) return undefined;
  const room = Math.floor((segment.size - (vaddr - segment.vaddr)) / SYMBOL);
  let count = 0;
  if (gnuHash !== undefined) count = countByGnuHash(elf, gnuHash);
  else if (hash !== undefined) count = bytesAt(elf.source, fileOffset(elf, hash), 8).readUInt32LE(4);
  return { offset: vaddr - segment.vaddr + segment.offset, count: Math.min(count, room, MAX_SYMBOLS), strings };
}

/**
 * Symbols that a GNU hash table covers: the highest chain ends at the last one.
 *
 *     nbuckets u32, first symbol u32, bloom words u32, shift u32 | bloom u64 × n | buckets u32 × n | chains u32, bit 0 ends one
 */
function countByGnuHash(elf: Elf, vaddr: number): number {
  const offset = fileOffset(elf, vaddr);
  const head = bytesAt(elf.source, offset, 16);
  const buckets = head.readUInt32LE(0);
  const first = head.readUInt32LE(4);
  if (buckets > MAX_SYMBOLS) throw new ElfError('too_big', `${buckets} hash buckets`);
  const bucketsAt = offset + 16 + head.readUInt32LE(8) * 8;
  let last = 0;
  for (const { bytes } of pieces(elf.source, bucketsAt, buckets * 4, 0)) {
    for (let at = 0; at + 4 <= bytes.length; at += 4) last = Math.max(last, bytes.readUInt32LE(at));
  }
  if (last < first) return first;
  const chain = bucketsAt + buckets * 4 + (last - first) * 4;
  const room = Math.max(0, Math.min(elf.source.size - chain, MAX_SYMBOLS * 4));
  for (const { bytes, offset: from } of pieces(elf.source, chain, room, 0)) {
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      if (((bytes[at] ?? 0) & 1) === 1) return last + (from + at - chain) / 4 + 1;
    }
  }
  return first;
}

/** The tables of symbols that the section headers name, the full one first; empty when stripped of both. */
export function symbolSections(elf: Elf): SymbolTable[] {
  const tables: SymbolTable[] = [];
  for (const wanted of [SHT_SYMTAB, SHT_DYNSYM]) {
    const section = elf.sections.find(({ type }) => type === wanted);
    const strings = section === undefined ? undefined : elf.sections[section.link];
    if (section?.entrySize !== SYMBOL || strings === undefined) continue;
    if (!isInFile(elf, section) || !isInFile(elf, strings)) continue;
    const count = Math.min(Math.floor(section.size / SYMBOL), MAX_SYMBOLS);
    tables.push({ offset: section.offset, count, strings: { offset: strings.offset, size: strings.size } });
  }
  return tables;
}

function isInFile(elf: Elf, { offset, size }: Section): boolean {
  return offset + size <= elf.source.size;
}

/** Addresses of the functions of some names that a table defines, at most two of each. All names begin with `prefix`. */
export function functionsNamed(
  elf: Elf,
  table: SymbolTable,
  prefix: string,
  names: ReadonlySet<string>,
): Map<string, Set<number>> {
  const wanted = namePlaces(elf, table.strings, prefix, names);
  const found = new Map<string, Set<number>>();
  if (wanted.size === 0) return found;
  for (const { bytes } of pieces(elf.source, table.offset, table.count * SYMBOL, 0)) {
    for (let at = 0; at + SYMBOL <= bytes.length; at += SYMBOL) {
      const name = wanted.get(bytes.readUInt32LE(at));
      if (name === undefined) continue;
      const isFunction = ((bytes[at + 4] ?? 0) & 0xf) === STT_FUNC;
      const isDefined = bytes.readUInt16LE(at + 6) !== 0;
      if (!isFunction || !isDefined) continue;
      const addresses = found.get(name) ?? new Set();
      if (addresses.size < 2) found.set(name, addresses.add(wordAt(bytes, at + 8)));
    }
  }
  return found;
}

/** Places in a string table where one of the names stands. Linkers let names end inside of one another, so a name may stand in several. */
function namePlaces(elf: Elf, strings: Stretch, prefix: string, names: ReadonlySet<string>): Map<number, string> {
  const places = new Map<number, string>();
  if (strings.size > MAX_STRINGS) throw new ElfError('too_big', 'a string table of more than 256 MiB');
  const longest = Math.max(...[...names].map((name) => name.length)) + 1;
  for (const { bytes, offset } of pieces(elf.source, strings.offset, strings.size, longest - 1)) {
    for (let at = bytes.indexOf(prefix, 0, 'latin1'); at !== -1; at = bytes.indexOf(prefix, at + 1, 'latin1')) {
      const end = bytes.subarray(at, at + longest).indexOf(0);
      const name = end === -1 ? '' : bytes.toString('latin1', at, at + end);
      if (!names.has(name)) continue;
      places.set(offset + at - strings.offset, name);
      if (places.size > MAX_PLACES) throw new ElfError('too_big', `more than ${MAX_PLACES} times the same few names`);
    }
  }
  return places;
}
