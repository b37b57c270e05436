import { type Elf, loadedSegments, segmentAt } from './elf.ts';
import { bytesAt, ElfError, pieces } from './source.ts';

/** The most bytes of loaded segments that are searched: three times the largest program that was seen. */
export const MAX_LOADED = 1 << 30;

const MAX_PLACES = 64;
const MAX_TEXT = 512;

/** Addresses where texts stand in what a process has in memory, in one pass, at most 64 of each. A text is bytes (latin1). */
export function literalsIn(elf: Elf, texts: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>(texts.map((text) => [text, []]));
  const longest = Math.max(...texts.map((text) => text.length));
  const segments = loadedSegments(elf);
  if (segments.reduce((sum, { size }) => sum + size, 0) > MAX_LOADED)
    throw new ElfError('too_big', 'loads more than 1 GiB');
  for (const segment of segments) {
    for (const { bytes, offset } of pieces(elf.source, segment.offset, segment.size, longest - 1)) {
      for (const [text, places] of found) {
        for (let at = bytes.indexOf(text, 0, 'latin1'); at !== -1; at = bytes.indexOf(text, at + 1, 'latin1')) {
          const vaddr = offset + at - segment.offset + segment.vaddr;
          if (places.length >= MAX_PLACES) break;
          if (places.at(-1) !== vaddr) places.push(vaddr);
        }
      }
    }
  }
  return found;
}

/** Where the text around an address begins: behind the NUL before it. */
export function beginOfText(elf: Elf, vaddr: number): number {
  const segment = segmentAt(loadedSegments(elf), vaddr);
  if (segment === undefined) return vaddr;
  const before = Math.min(MAX_TEXT, vaddr - segment.vaddr);
  const bytes = bytesAt(elf.source, segment.offset + (vaddr - segment.vaddr) - before, before);
  return vaddr - before + bytes.lastIndexOf(0) + 1;
}

/** Up to `length` characters at an address, up to a NUL. */
export function textAt(elf: Elf, vaddr: number, length: number): string {
  const segment = segmentAt(loadedSegments(elf), vaddr);
  if (segment === undefined) return '';
  const at = vaddr - segment.vaddr;
  const bytes = bytesAt(elf.source, segment.offset + at, Math.min(length, segment.size - at));
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end === -1 ? bytes.length : end);
}
