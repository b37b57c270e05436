import { codeAt, type Elf } from './elf.ts';
import { readFrames } from './frames.ts';
import { opensFrame } from './prologue.ts';
import { type Callers, callersInto } from './references.ts';

/** A function of a file without symbols. */
export interface Found {
  readonly begin: number;
  /** Addresses of direct calls of it, at most 16. */
  readonly calls: readonly number[];
}

/** The longest way from the begin of a function to a place in it, where no unwind information says more. */
const MAX_BACK = 4096;
const ALIGN = 16;
const NONE: Callers = { calls: [], jumps: [] };

/**
 * The functions that hold some places in the code. A begin is known from unwind information; without it, from what else points there. And
 * something has to call it: a piece of a function that the compiler put elsewhere is only jumped to. A place without such a function is left
 * out.
 */
export function functionsAround(elf: Elf, places: readonly number[]): Map<number, Found> {
  const frames = readFrames(elf);
  const begins = new Map(places.map((place) => [place, frames?.(place)]));
  const found = new Map<number, Found>();
  if (places.length === 0) return found;
  const callers = callersInto(
    elf,
    [...begins].map(([place, begin]) => [begin ?? place - MAX_BACK, begin ?? place]),
  );
  const filler = layout(elf, new Set(begins.values()), callers);
  for (const [place, known] of begins) {
    let begin: number | undefined;
    if (known === undefined) begin = filler && beginBefore(elf, place, callers, filler);
    else if (isCalled(codeOf(elf, known), callers.get(known))) begin = known;
    if (begin !== undefined) found.set(place, { begin, calls: callers.get(begin)?.calls ?? [] });
  }
  return found;
}

/** Whether something calls a begin, or jumps to it as the last act of another function. */
function isCalled(code: Buffer, { calls, jumps }: Callers = NONE): boolean {
  return calls.length > 0 || (jumps.length > 0 && opensFrame(code));
}

/** What fills the space between functions: `cc` by lld with a section for each function, else `nop`, which stands in front of loops too. */
type Filler = 'cc' | 'nop';

/**
 * How functions are laid out near places without unwind information, as far as calls show. Undefined when some begin at no multiple of 16 (two
 * calls of one place are no accident): then the nearest aligned one may be another function.
 */
function layout(
  elf: Elf,
  known: ReadonlySet<number | undefined>,
  callers: ReadonlyMap<number, Callers>,
): Filler | undefined {
  const counts = { cc: 0, nop: 0 };
  for (const [begin, { calls }] of callers) {
    if (calls.length === 0 || known.has(begin)) continue;
    if (begin % ALIGN === 0) {
      const before = codeAt(elf, begin - ALIGN, ALIGN);
      if (before?.at(-1) === 0xcc) counts.cc++;
      else if (before?.length === ALIGN && nopsBefore(before).length > 0) counts.nop++;
    } else if (calls.length > 1) return undefined;
  }
  return counts.cc > 10 * counts.nop ? 'cc' : 'nop';
}

/**
 * The nearest aligned place that is called, makes room on the stack and has the end of another function in front. Undefined when a function
 * that nobody calls may come first, or when the one that is called does not look so.
 */
function beginBefore(
  elf: Elf,
  place: number,
  callers: ReadonlyMap<number, Callers>,
  filler: Filler,
): number | undefined {
  for (let at = Math.floor(place / ALIGN) * ALIGN; at > place - MAX_BACK; at -= ALIGN) {
    const before = codeAt(elf, at - 2 * ALIGN, 2 * ALIGN);
    if (before?.length !== 2 * ALIGN) return undefined;
    const code = codeOf(elf, at);
    const end = endOf(before, filler);
    if (isCalled(code, callers.get(at))) return end !== undefined && opensFrame(code) ? at : undefined;
    if (end === 'surely' || (end === 'perhaps' && opensFrame(code))) return undefined;
  }
  return undefined;
}

function codeOf(elf: Elf, begin: number): Buffer {
  return codeAt(elf, begin, ALIGN) ?? Buffer.alloc(0);
}

/**
 * Whether a function ends in front of an aligned place: `surely` where filler follows an instruction that nothing comes after, `perhaps` behind
 * such an instruction alone, behind a call that may be of what never returns, and behind any other filler.
 */
function endOf(before: Buffer, filler: Filler): 'surely' | 'perhaps' | undefined {
  const fills = filler === 'cc' ? trapsBefore(before) : nopsBefore(before);
  if (fills.some((at) => isReturn(before, at) || isJump(before, at))) return 'surely';
  if (fills.length > 0) return 'perhaps';
  const end = before.length;
  if (isReturn(before, end)) return filler === 'cc' ? 'perhaps' : 'surely';
  return isJump(before, end) || isCall(before, end) ? 'perhaps' : undefined;
}

/** Where the run of `cc` at the end begins. */
function trapsBefore(before: Buffer): number[] {
  let at = before.length;
  while (at > 0 && before[at - 1] === 0xcc) at--;
  return at === before.length ? [] : [at];
}

/** Places from which on there are only nops. */
function nopsBefore(before: Buffer): number[] {
  const end = before.length;
  return Array.from({ length: ALIGN - 1 }, (_, index) => end - 1 - index).filter((at) => isNops(before.subarray(at)));
}

/** Whether the bytes up to `end` close with `ret`, `hlt` or `ud2`. */
function isReturn(bytes: Buffer, end: number): boolean {
  const last = bytes[end - 1];
  return last === 0xc3 || last === 0xf4 || (last === 0x0b && bytes[end - 2] === 0x0f);
}

/** Whether they close with a `jmp` that is always taken: `eb d8`, `e9 d32`, `ff /4`. */
function isJump(bytes: Buffer, end: number): boolean {
  return bytes[end - 2] === 0xeb || bytes[end - 5] === 0xe9 || isIndirect(bytes, end, 4);
}

/** Whether they close with a `call`: `e8 d32`, `ff /2`. */
function isCall(bytes: Buffer, end: number): boolean {
  return bytes[end - 5] === 0xe8 || isIndirect(bytes, end, 2);
}

/** `ff /operation` with no, one or four bytes of displacement. */
function isIndirect(bytes: Buffer, end: number, operation: number): boolean {
  return [2, 3, 6, 7].some(
    (back) => bytes[end - back] === 0xff && (((bytes[end - back + 1] ?? 0) >> 3) & 7) === operation,
  );
}

/** Whether bytes are nops of several bytes: `66* 90`, `66* 2e? 0f 1f` and an operand in memory. */
function isNops(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length) {
    while (bytes[at] === 0x66 || bytes[at] === 0x2e) at++;
    if (bytes[at] === 0x90) at++;
    else if (bytes[at] === 0x0f && bytes[at + 1] === 0x1f) at += 2 + operandSize(bytes[at + 2] ?? 0);
    else return false;
  }
  return at === bytes.length;
}

/** Bytes of a ModRM operand in memory: itself, SIB, displacement. */
function operandSize(modrm: number): number {
  const sib = (modrm & 7) === 4 ? 1 : 0;
  return 1 + sib + ([0, 1, 4, 0][modrm >> 6] ?? 0);
}
