import { type Elf, fileOffset, PT_GNU_EH_FRAME } from './elf.ts';
import { bytesAt } from './source.ts';

/** Finds the function, or the piece of one that the compiler put elsewhere, that holds an address. */
export type FrameIndex = (vaddr: number) => number | undefined;

const ENTRY = 8;
const MAX_ENTRIES = 4 << 20;
/** The most bytes of frames that are read as a whole. A static program of OpenSSL has half a megabyte. */
const MAX_FRAMES = 4 << 20;
/** DW_EH_PE_udata4; DW_EH_PE_datarel | DW_EH_PE_sdata4. The one form that GNU ld, gold and lld write. */
const COUNT_FORM = 0x03;
const TABLE_FORM = 0x3b;

/**
 * The unwind information of a file, which stripping leaves there (Linux Standard Base Core, chapter 10.6): exact begins of functions.
 * Undefined in a file without, or with one of another form.
 */
export function readFrames(elf: Elf): FrameIndex | undefined {
  return readIndex(elf) ?? readSection(elf);
}

/**
 * `.eh_frame_hdr`: a sorted table.
 *
 *     version u8, forms u8 × 3, .eh_frame s32, count u32 | (begin s32, frame s32) × count, from the begin of the header
 */
function readIndex(elf: Elf): FrameIndex | undefined {
  const header = elf.segments.find(({ type }) => type === PT_GNU_EH_FRAME);
  if (header === undefined || header.size < 12) return undefined;
  const head = bytesAt(elf.source, header.offset, 12);
  if (head[0] !== 1 || head[2] !== COUNT_FORM || head[3] !== TABLE_FORM) return undefined;
  const count = head.readUInt32LE(8);
  if (count === 0 || count > MAX_ENTRIES || 12 + count * ENTRY > header.size) return undefined;
  const entry = (index: number): Buffer => bytesAt(elf.source, header.offset + 12 + index * ENTRY, ENTRY);
  return (vaddr) => {
    let [low, high] = [0, count];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (entry(middle).readInt32LE(0) + header.vaddr <= vaddr) low = middle;
      else high = middle;
    }
    const found = entry(low);
    const frame = found.readInt32LE(4) + header.vaddr;
    const described = describedAt(bytesAt(elf.source, fileOffset(elf, frame), 16), 0, frame);
    if (described.begin !== found.readInt32LE(0) + header.vaddr) return undefined;
    return vaddr >= described.begin && vaddr < described.begin + described.size ? described.begin : undefined;
  };
}

/** `.eh_frame` itself, for a static program of GNU ld, which has no table. */
function readSection(elf: Elf): FrameIndex | undefined {
  const section = elf.sections.find(({ name }) => name === '.eh_frame');
  if (section === undefined || !(section.size <= MAX_FRAMES) || !(section.offset + section.size <= elf.source.size)) {
    return undefined;
  }
  const bytes = bytesAt(elf.source, section.offset, section.size);
  const frames: { readonly begin: number; readonly size: number }[] = [];
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < 12 || length === 0xffffffff) break;
    const isFrame = bytes.readUInt32LE(at + 4) !== 0;
    if (isFrame) frames.push(describedAt(bytes, at, section.vaddr + at));
    at += 4 + length;
  }
  return (vaddr) => frames.find(({ begin, size }) => vaddr >= begin && vaddr < begin + size)?.begin;
}

/** What a frame at an address describes: length u32, its CIE u32, begin s32 from here, size u32. */
function describedAt(bytes: Buffer, at: number, vaddr: number): { readonly begin: number; readonly size: number } {
  return { begin: vaddr + 8 + bytes.readInt32LE(at + 8), size: bytes.readUInt32LE(at + 12) };
}
