import { codeSegments, type Elf } from './elf.ts';
import { ElfError, pieces } from './source.ts';

/** An instruction that loads the address of something. */
export interface Reference {
  readonly from: number;
  readonly to: number;
}

/** Direct calls and jumps to a place. */
export interface Callers {
  readonly calls: readonly number[];
  readonly jumps: readonly number[];
}

const MAX_REFERENCES = 1024;
const MAX_TARGETS = 65_536;
const MAX_CALLERS = 16;
const CALL = 0xe8;
const JUMP = 0xe9;

/**
 * Instructions that load one of some addresses (Intel SDM vol. 2, LEA and MOV):
 *
 *     48|4c 8d  00rrr101  d32     lea r64, [rip + d32]
 *     b8+r      imm32             mov r32, imm32; only in a program that is linked for one address
 *
 * Bytes are taken as instructions wherever they stand, so a match may be none: what is decided from references needs more than one kind of
 * evidence.
 */
export function referencesTo(elf: Elf, targets: ReadonlySet<number>): Reference[] {
  const found = new Map<number, number>();
  const low = Math.min(...targets);
  const high = Math.max(...targets);
  const keep = (from: number, to: number): void => {
    if (!targets.has(to)) return;
    found.set(from, to);
    if (found.size > MAX_REFERENCES) throw new ElfError('too_big', `more than ${MAX_REFERENCES} references`);
  };
  eachPiece(elf, 6, (bytes, vaddr) => {
    loadsIn(bytes, low - vaddr, high - vaddr, (at, to) => keep(vaddr + at, vaddr + to));
    if (!elf.isFixed) return;
    for (const target of targets) movesIn(bytes, target, (at, to) => keep(vaddr + at, to));
  });
  return [...found].map(([from, to]) => ({ from, to }));
}

/** Direct calls and jumps (`e8 d32`, `e9 d32`) into some stretches of code, by their target; of each the first 16. */
export function callersInto(
  elf: Elf,
  stretches: readonly (readonly [from: number, to: number])[],
): Map<number, Callers> {
  const found = new Map<number, { calls: number[]; jumps: number[] }>();
  const low = Math.min(...stretches.map(([from]) => from));
  const high = Math.max(...stretches.map(([, to]) => to));
  const isNear = pagesOf(stretches);
  const keep = (at: number, to: number, isCall: boolean): void => {
    if (!isNear.has(Math.floor(to / PAGE)) || !stretches.some(([from, end]) => to >= from && to <= end)) return;
    const callers = found.get(to) ?? { calls: [], jumps: [] };
    found.set(to, callers);
    if (found.size > MAX_TARGETS) throw new ElfError('too_big', `calls of more than ${MAX_TARGETS} places`);
    const list = isCall ? callers.calls : callers.jumps;
    if (list.length < MAX_CALLERS && list.at(-1) !== at) list.push(at);
  };
  eachPiece(elf, 4, (bytes, vaddr) => {
    branchesIn(bytes, CALL, low - vaddr, high - vaddr, (at, to) => keep(vaddr + at, vaddr + to, true));
    branchesIn(bytes, JUMP, low - vaddr, high - vaddr, (at, to) => keep(vaddr + at, vaddr + to, false));
  });
  return found;
}

const PAGE = 4096;

function pagesOf(stretches: readonly (readonly [from: number, to: number])[]): Set<number> {
  const pages = new Set<number>();
  for (const [from, to] of stretches) {
    for (let page = Math.floor(from / PAGE); page <= to / PAGE; page++) pages.add(page);
  }
  return pages;
}

/** Whether the first bytes of a function call or jump to another one. */
export function branchesTo(code: Buffer, begin: number, target: number): boolean {
  let found = false;
  for (const opcode of [CALL, JUMP]) branchesIn(code, opcode, target - begin, target - begin, () => (found = true));
  return found;
}

/** All code of a file, in pieces that begin with the last `overlap` bytes of the one before. */
function eachPiece(elf: Elf, overlap: number, visit: (bytes: Buffer, vaddr: number) => void): void {
  for (const segment of codeSegments(elf)) {
    for (const { bytes, offset } of pieces(elf.source, segment.offset, segment.size, overlap)) {
      visit(bytes, offset - segment.offset + segment.vaddr);
    }
  }
}

/** Called with where an instruction stands and what it names. */
type Seen = (at: number, to: number) => void;

/** `lea`: places and targets are from the begin of the bytes. Searching for its opcode takes a quarter of the time of looking at each byte. */
function loadsIn(bytes: Buffer, low: number, high: number, seen: Seen): void {
  for (let at = bytes.indexOf(0x8d, 1); at !== -1 && at + 6 <= bytes.length; at = bytes.indexOf(0x8d, at + 1)) {
    if (((bytes[at - 1] as number) & 0xfb) !== 0x48 || ((bytes[at + 1] as number) & 0xc7) !== 0x05) continue;
    const to = at + 6 + distanceAt(bytes, at + 2);
    if (to >= low && to <= high) seen(at - 1, to);
  }
}

/** `mov` of one address. */
function movesIn(bytes: Buffer, target: number, seen: Seen): void {
  if (target > 0xffff_ffff) return;
  const address = Buffer.alloc(4);
  address.writeUInt32LE(target);
  for (let at = bytes.indexOf(address, 1); at !== -1; at = bytes.indexOf(address, at + 1)) {
    if (((bytes[at - 1] as number) & 0xf8) === 0xb8) seen(at - 1, target);
  }
}

/** `call` or `jmp`: places and targets are from the begin of the bytes. */
function branchesIn(bytes: Buffer, opcode: number, low: number, high: number, seen: Seen): void {
  for (let at = bytes.indexOf(opcode); at !== -1 && at + 5 <= bytes.length; at = bytes.indexOf(opcode, at + 1)) {
    const to = at + 5 + distanceAt(bytes, at + 1);
    if (to >= low && to <= high) seen(at, to);
  }
}

/** A signed 32-bit number. The method of Buffer checks more than is needed here, and takes longer. */
function distanceAt(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
