import { bytesAt, ElfError, type Source, wordAt } from './source.ts';

/** A program header that is loaded, cut to what the file has. */
export interface Segment {
  readonly type: number;
  readonly isExecutable: boolean;
  readonly offset: number;
  readonly vaddr: number;
  /** Bytes that the file has for it. */
  readonly size: number;
  readonly align: number;
}

/** A section header. A file without sections, or with a broken table of them, has none: the kernel does not need them. */
export interface Section {
  readonly name: string;
  readonly type: number;
  readonly vaddr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly entrySize: number;
}

/** An ELF64 program or shared library for x86-64 (System V ABI, AMD64 supplement; elf.h of glibc). */
export interface Elf {
  readonly source: Source;
  /** Linked for one address, so code names data by 32-bit addresses too. */
  readonly isFixed: boolean;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
}

export const PT_DYNAMIC = 2;
export const PT_GNU_EH_FRAME = 0x6474e550;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_NOTE = 4;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_X86_64 = 62;
const MACHINES: Readonly<Record<number, string>> = { 3: 'x86', 40: 'ARM', 183: 'AArch64', 243: 'RISC-V' };
const NT_GNU_BUILD_ID = 3;
const MAX_SEGMENTS = 128;
const MAX_SECTIONS = 1024;
const MAX_NAMES = 64 << 10;
const MAX_NOTES = 64 << 10;
const MAX_BUILD_ID = 64;

/** Reads header, program headers and section headers; throws an ElfError for anything but a program or library for x86-64. */
export function readElf(source: Source): Elf {
  if (source.size < 64) throw new ElfError('not_elf', 'shorter than an ELF header');
  const header = bytesAt(source, 0, 64);
  if (header.readUInt32BE(0) !== 0x7f454c46) throw new ElfError('not_elf', 'no ELF file');
  if (header[4] !== 2 || header[5] !== 1) throw new ElfError('unsupported', 'no 64-bit little-endian ELF file');
  const type = header.readUInt16LE(16);
  if (type !== ET_EXEC && type !== ET_DYN) throw new ElfError('unsupported', 'neither a program nor a library');
  const machine = header.readUInt16LE(18);
  if (machine !== EM_X86_64) {
    throw new ElfError('unsupported', `for ${MACHINES[machine] ?? `machine ${machine}`}, not for x86-64`);
  }
  return {
    source,
    isFixed: type === ET_EXEC,
    segments: segmentsOf(source, header),
    sections: sectionsOf(source, header),
  };
}

function segmentsOf(source: Source, header: Buffer): Segment[] {
  const count = header.readUInt16LE(56);
  if (header.readUInt16LE(54) !== 56) throw new ElfError('malformed', 'program headers of an unknown size');
  if (count > MAX_SEGMENTS) throw new ElfError('too_big', `${count} program headers`);
  const table = bytesAt(source, wordAt(header, 32), count * 56);
  return Array.from({ length: count }, (_, index) => {
    const at = index * 56;
    const offset = wordAt(table, at + 8);
    return {
      type: table.readUInt32LE(at),
      isExecutable: (table.readUInt32LE(at + 4) & 1) === 1,
      offset,
      vaddr: addressAt(table, at + 16),
      size: Math.min(wordAt(table, at + 32), wordAt(table, at + 40), Math.max(0, source.size - offset)),
      align: addressAt(table, at + 48),
    };
  });
}

/** Addresses above 2^53 are none of user space: such a segment or section is nowhere. */
function addressAt(table: Buffer, at: number): number {
  return table.readUInt32LE(at + 4) >= 1 << 21 ? Number.NaN : wordAt(table, at);
}

function sectionsOf(source: Source, header: Buffer): Section[] {
  const count = header.readUInt16LE(60);
  const start = addressAt(header, 40);
  if (header.readUInt16LE(58) !== 64 || count > MAX_SECTIONS || !(start + count * 64 <= source.size)) return [];
  const table = bytesAt(source, start, count * 64);
  const names = sectionNames(source, table, header.readUInt16LE(62));
  return Array.from({ length: count }, (_, index) => {
    const at = index * 64;
    const name = table.readUInt32LE(at);
    const nameEnd = names.indexOf(0, name);
    return {
      name: name < names.length && nameEnd !== -1 ? names.toString('latin1', name, nameEnd) : '',
      type: table.readUInt32LE(at + 4),
      vaddr: addressAt(table, at + 16),
      offset: addressAt(table, at + 24),
      size: addressAt(table, at + 32),
      link: table.readUInt32LE(at + 40),
      entrySize: addressAt(table, at + 56),
    };
  });
}

function sectionNames(source: Source, table: Buffer, index: number): Buffer {
  const at = index * 64;
  const offset = at + 64 <= table.length ? addressAt(table, at + 24) : Number.NaN;
  const size = at + 64 <= table.length ? addressAt(table, at + 32) : Number.NaN;
  return size <= MAX_NAMES && offset + size <= source.size ? bytesAt(source, offset, size) : Buffer.alloc(0);
}

/** The segments that a process has in memory, with the bytes of the file that are in them. */
export function loadedSegments(elf: Elf): Segment[] {
  return elf.segments.filter(({ type, size }) => type === PT_LOAD && size > 0);
}

/** The loaded segments that may run. */
export function codeSegments(elf: Elf): Segment[] {
  return loadedSegments(elf).filter(({ isExecutable }) => isExecutable);
}

/** The segment among some that holds an address. */
export function segmentAt(segments: readonly Segment[], vaddr: number): Segment | undefined {
  return segments.find((segment) => vaddr >= segment.vaddr && vaddr < segment.vaddr + segment.size);
}

/** Where the byte at an address stands in the file; throws an ElfError when no loaded segment has it. */
export function fileOffset(elf: Elf, vaddr: number): number {
  const segment = segmentAt(loadedSegments(elf), vaddr);
  if (segment === undefined) throw new ElfError('malformed', `nothing is loaded at 0x${vaddr.toString(16)}`);
  return vaddr - segment.vaddr + segment.offset;
}

/** Up to `length` bytes of code at an address, fewer at the end of its segment; undefined where no code is. */
export function codeAt(elf: Elf, vaddr: number, length: number): Buffer | undefined {
  const segment = segmentAt(codeSegments(elf), vaddr);
  if (segment === undefined) return undefined;
  const at = vaddr - segment.vaddr;
  return bytesAt(elf.source, segment.offset + at, Math.min(length, segment.size - at));
}

/** The dynamic linker that a program asks for; undefined in a static program and in most libraries. */
export function interpreterOf(elf: Elf): string | undefined {
  const segment = elf.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined || segment.size > 4096) return undefined;
  const bytes = bytesAt(elf.source, segment.offset, segment.size);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

/** The build id in hex, from the notes that are loaded; undefined when the linker wrote none. */
export function buildIdOf(elf: Elf): string | undefined {
  for (const segment of elf.segments) {
    if (segment.type !== PT_NOTE || segment.size > MAX_NOTES) continue;
    const found = buildIdIn(bytesAt(elf.source, segment.offset, segment.size), segment.align === 8 ? 8 : 4);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Walks notes: sizes of name and content, type, then both padded to `align`. */
function buildIdIn(notes: Buffer, align: number): string | undefined {
  for (let at = 0; at + 12 <= notes.length; ) {
    const nameSize = notes.readUInt32LE(at);
    const size = notes.readUInt32LE(at + 4);
    const content = padded(at + 12 + nameSize, align);
    if (content + size > notes.length) return undefined;
    const isBuildId =
      notes.readUInt32LE(at + 8) === NT_GNU_BUILD_ID && notes.toString('latin1', at + 12, at + 16) === 'GNU\0';
    if (isBuildId && nameSize === 4 && size > 0 && size <= MAX_BUILD_ID) {
      return notes.toString('hex', content, content + size);
    }
    at = padded(content + size, align);
  }
  return undefined;
}

function padded(at: number, align: number): number {
  return Math.ceil(at / align) * align;
}
