/** What a made ELF file holds. Places are fixed, so that code can name them before it is there. */
export interface ElfSpec {
  /** Linked for one address, from 0x400000 on; else a library or PIE from 0 on. */
  readonly fixed?: boolean;
  readonly machine?: number;
  readonly code?: Buffer;
  readonly data?: Buffer;
  /** Exported functions: places in `code`. */
  readonly exports?: Readonly<Record<string, number>>;
  /** Imported names. */
  readonly imports?: readonly string[];
  /** Functions in `.symtab`: places in `code`. */
  readonly locals?: Readonly<Record<string, number>>;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly interpreter?: string;
  readonly buildId?: string;
  readonly hash?: 'gnu' | 'sysv';
  /** Lengths of functions by their place in `code`, as `.eh_frame_hdr` has them. */
  readonly frames?: Readonly<Record<number, number>>;
}

export const DATA_OFFSET = 0x4000;
export const CODE_OFFSET = 0x8000;
/** Code is loaded further away than it stands in the file, as lld does. */
const CODE_SHIFT = 0x3000;

export const baseOf = (spec: ElfSpec): number => (spec.fixed === true ? 0x400000 : 0);
export const dataAddress = (spec: ElfSpec): number => baseOf(spec) + DATA_OFFSET;
export const codeAddress = (spec: ElfSpec): number => baseOf(spec) + CODE_OFFSET + CODE_SHIFT;

/** Headers of programs and sections, as they go into the file. */
type Words = readonly [type: number, flags: number, offset: number, vaddr: number, size: number, align: number];

/** A file as a linker would write it: two loaded segments, dynamic section, symbols, notes, unwind table. */
export function buildElf(spec: ElfSpec): Buffer {
  const base = baseOf(spec);
  const code = spec.code ?? Buffer.alloc(0);
  const sections = 0x7000;
  const bytes = Buffer.alloc(CODE_OFFSET + code.length);
  const headers: Words[] = [
    [1, 4, 0, base, CODE_OFFSET, 0x1000],
    [1, 5, CODE_OFFSET, codeAddress(spec), code.length, 0x1000],
  ];
  let free = 0x400;
  const reserve = (size: number): number => {
    const at = free;
    free = Math.ceil((at + size) / 16) * 16;
    return at;
  };
  const put = (content: Buffer): number => {
    const at = reserve(content.length);
    content.copy(bytes, at);
    return at;
  };
  const strings = new Strings();
  const symbols = table(strings, spec.imports ?? [], spec.exports ?? {}, codeAddress(spec));
  const full = new Strings();
  const fullSymbols = table(full, [], spec.locals ?? {}, codeAddress(spec));
  const names = (spec.needed ?? []).map((name) => strings.place(name));
  const soname = spec.soname === undefined ? undefined : strings.place(spec.soname);
  const count = symbols.length / 24;
  const hash = put(spec.hash === 'sysv' ? sysvHash(count) : gnuHash(count, (spec.imports ?? []).length + 1));
  const [symbolsAt, stringsAt] = [put(symbols), put(strings.bytes())];
  const dynamic: [number, number][] = names.map((name) => [1, name]);
  if (soname !== undefined) dynamic.push([14, soname]);
  dynamic.push([spec.hash === 'sysv' ? 4 : 0x6ffffef5, base + hash], [5, base + stringsAt], [6, base + symbolsAt]);
  dynamic.push([10, strings.bytes().length], [0, 0]);
  const dynamicAt = put(words(dynamic.flat()));
  headers.push([2, 6, dynamicAt, base + dynamicAt, dynamic.length * 16, 8]);
  if (spec.interpreter !== undefined) {
    headers.push([3, 4, put(Buffer.from(`${spec.interpreter}\0`)), 0, spec.interpreter.length + 1, 1]);
  }
  if (spec.buildId !== undefined) {
    const note = buildIdNote(Buffer.from(spec.buildId, 'hex'));
    headers.push([4, 4, put(note), 0, note.length, 4]);
  }
  if (spec.frames !== undefined) {
    const all = Object.entries(spec.frames).map(([place, size]) => [codeAddress(spec) + Number(place), size] as const);
    const [framesAt, tableAt] = [reserve(all.length * 16), reserve(12 + all.length * 8)];
    frames(all, base + framesAt).copy(bytes, framesAt);
    frameTable(all, base + framesAt, base + tableAt).copy(bytes, tableAt);
    headers.push([0x6474e550, 4, tableAt, base + tableAt, 12 + all.length * 8, 4]);
  }
  spec.data?.copy(bytes, DATA_OFFSET);
  code.copy(bytes, CODE_OFFSET);
  const [fullAt, fullStringsAt] = [put(fullSymbols), put(full.bytes())];
  writeHeader(bytes, spec, headers, spec.locals === undefined ? 0 : sections);
  if (spec.locals !== undefined) {
    section(bytes, sections + 64, 2, fullAt, fullSymbols.length, 2, 24);
    section(bytes, sections + 128, 3, fullStringsAt, full.bytes().length, 0, 0);
  }
  return bytes;
}

class Strings {
  #text = '\0';

  place(name: string): number {
    const at = this.#text.length;
    this.#text += `${name}\0`;
    return at;
  }

  bytes(): Buffer {
    return Buffer.from(this.#text, 'latin1');
  }
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    bytes.writeBigUInt64LE(BigInt(value), index * 8);
  });
  return bytes;
}

/** Symbols: the empty one, imported ones, functions. */
function table(
  strings: Strings,
  imports: readonly string[],
  functions: Readonly<Record<string, number>>,
  code: number,
): Buffer {
  const all = [...imports.map((name) => [name, undefined] as const), ...Object.entries(functions)];
  const bytes = Buffer.alloc((all.length + 1) * 24);
  all.forEach(([name, place], index) => {
    const at = (index + 1) * 24;
    bytes.writeUInt32LE(strings.place(name), at);
    bytes.writeUInt8(0x12, at + 4);
    bytes.writeUInt16LE(place === undefined ? 0 : 1, at + 6);
    bytes.writeBigUInt64LE(BigInt(place === undefined ? 0 : code + place), at + 8);
  });
  return bytes;
}

/** One bucket, whose chain holds all defined symbols. */
function gnuHash(count: number, first: number): Buffer {
  const chain = Math.max(0, count - first);
  const bytes = Buffer.alloc(16 + 8 + 4 + chain * 4);
  [1, first, 1, 0].forEach((value, index) => {
    bytes.writeUInt32LE(value, index * 4);
  });
  bytes.writeUInt32LE(chain === 0 ? 0 : first, 24);
  if (chain > 0) bytes.writeUInt32LE(1, bytes.length - 4);
  return bytes;
}

function sysvHash(count: number): Buffer {
  const bytes = Buffer.alloc(8 + 4 + count * 4);
  bytes.writeUInt32LE(1, 0);
  bytes.writeUInt32LE(count, 4);
  return bytes;
}

function buildIdNote(id: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(4, 0);
  head.writeUInt32LE(id.length, 4);
  head.writeUInt32LE(3, 8);
  head.write('GNU\0', 12, 'latin1');
  return Buffer.concat([head, id]);
}

type Frames = readonly (readonly [begin: number, size: number])[];

/** `.eh_frame` at an address: length, CIE, begin from here, size. */
function frames(all: Frames, vaddr: number): Buffer {
  const bytes = Buffer.alloc(all.length * 16);
  all.forEach(([begin, size], index) => {
    const at = index * 16;
    bytes.writeUInt32LE(12, at);
    bytes.writeUInt32LE(1, at + 4);
    bytes.writeInt32LE(begin - (vaddr + at + 8), at + 8);
    bytes.writeUInt32LE(size, at + 12);
  });
  return bytes;
}

/** `.eh_frame_hdr` at an address. */
function frameTable(all: Frames, framesAt: number, vaddr: number): Buffer {
  const bytes = Buffer.alloc(12 + all.length * 8);
  bytes.set([1, 0x1b, 0x03, 0x3b]);
  bytes.writeUInt32LE(all.length, 8);
  all.forEach(([begin], index) => {
    bytes.writeInt32LE(begin - vaddr, 12 + index * 8);
    bytes.writeInt32LE(framesAt + index * 16 - vaddr, 16 + index * 8);
  });
  return bytes;
}

function writeHeader(bytes: Buffer, spec: ElfSpec, headers: readonly Words[], sections: number): void {
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(spec.fixed === true ? 2 : 3, 16);
  bytes.writeUInt16LE(spec.machine ?? 62, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeBigUInt64LE(BigInt(sections), 40);
  [64, 56, headers.length, 64, sections === 0 ? 0 : 3, 0].forEach((value, index) => {
    bytes.writeUInt16LE(value, 52 + index * 2);
  });
  headers.forEach(([type, flags, offset, vaddr, size, align], index) => {
    const at = 64 + index * 56;
    bytes.writeUInt32LE(type, at);
    bytes.writeUInt32LE(flags, at + 4);
    words([offset, vaddr, vaddr, size, size, align]).copy(bytes, at + 8);
  });
}

function section(
  bytes: Buffer,
  at: number,
  type: number,
  offset: number,
  size: number,
  link: number,
  entry: number,
): void {
  bytes.writeUInt32LE(type, at + 4);
  bytes.writeBigUInt64LE(BigInt(offset), at + 24);
  bytes.writeBigUInt64LE(BigInt(size), at + 32);
  bytes.writeUInt32LE(link, at + 40);
  bytes.writeBigUInt64LE(BigInt(entry), at + 56);
}
