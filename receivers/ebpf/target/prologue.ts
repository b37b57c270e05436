/** How the kernel runs a probed instruction: `emulated` takes one trap; `stepped` takes a second one, and about 15 µs more on some machines. */
export type Price = 'emulated' | 'stepped';

/** Where a probe on a function goes. */
export interface Entry {
  /** Bytes behind the begin of the function: 4 behind `endbr64`, else 0. The return address is at `rsp` there. */
  readonly skip: number;
  readonly price: Price;
}

const ENDBR64 = Buffer.from([0xf3, 0x0f, 0x1e, 0xfa]);

/** Bytes of a function that `entryOf` looks at. */
export const ENTRY_BYTES = 16;

/** Where a probe goes in a function that begins with these bytes; undefined when they are no plausible begin of one. */
export function entryOf(code: Buffer): Entry | undefined {
  const skip = code.subarray(0, 4).equals(ENDBR64) ? 4 : 0;
  const first = code.subarray(skip);
  if (first.length < 4) return undefined;
  if (isPush(first) || isNop(first)) return { skip, price: 'emulated' };
  return isPlausible(first) ? { skip, price: 'stepped' } : undefined;
}

/** `push r64`: the kernel emulates it (arch/x86/kernel/uprobes.c, push_setup_xol_ops). */
function isPush(code: Buffer): boolean {
  const at = code[0] === 0x41 ? 1 : 0;
  return ((code[at] ?? 0) & 0xf8) === 0x50;
}

/** `nop` of one byte or of several (branch_setup_xol_ops). */
function isNop(code: Buffer): boolean {
  const at = code[0] === 0x66 ? 1 : 0;
  return code[at] === 0x90 || (code[at] === 0x0f && code[at + 1] === 0x1f);
}

/** First opcodes, behind a REX prefix, that compilers begin functions with. */
const PLAUSIBLE: ReadonlySet<number> = new Set([
  0x03, // add r, r/m
  0x0f, // two bytes: movzx, movups, cmov
  0x2b, // sub r, r/m
  0x31, // xor r/m, r
  0x33, // xor r, r/m
  0x38, // cmp r/m8, r8
  0x39, // cmp r/m, r
  0x3b, // cmp r, r/m
  0x63, // movsxd
  0x80, // cmp r/m8, imm8
  0x81, // sub rsp, imm32; cmp r/m, imm32
  0x83, // sub rsp, imm8; cmp r/m, imm8
  0x84, // test r/m8, r8
  0x85, // test r/m, r
  0x88, // mov r/m8, r8
  0x89, // mov r/m, r
  0x8b, // mov r, r/m
  0x8d, // lea
  0xb8, // mov eax, imm32
  0xc6, // mov r/m8, imm8
  0xc7, // mov r/m, imm32
  0xf6, // test r/m8, imm8
  0xf7, // test r/m, imm32
]);

/** `xor` and `test` of a register, moves, compares, loads of an address: what comes before the first push of optimised code. */
function isPlausible(code: Buffer): boolean {
  const hasSegment = code[0] === 0x64;
  const at = (hasSegment ? 1 : 0) + (((code[hasSegment ? 1 : 0] ?? 0) & 0xf0) === 0x40 ? 1 : 0);
  const opcode = code[at] ?? 0;
  return PLAUSIBLE.has(opcode) || (opcode & 0xf8) === 0xb8;
}

/** Whether the first instruction makes room on the stack: nothing else than a begin of a function does so. */
export function opensFrame(code: Buffer): boolean {
  const skip = code.subarray(0, 4).equals(ENDBR64) ? 4 : 0;
  const first = code.subarray(skip, skip + 3);
  return (
    skip === 4 || isPush(first) || (first[0] === 0x48 && (first[1] === 0x83 || first[1] === 0x81) && first[2] === 0xec)
  );
}
