import { codeAddress, dataAddress, type ElfSpec } from './elf-builder.ts';

/** Bytes between the begins of made functions. */
export const SLOT = 0x100;
const RET = Buffer.from([0xc3]);
const PUSH = Buffer.from([0x55]);

/** A made function: its pieces are made for the place where they come to stand. */
export type Piece = (vaddr: number, slot: (index: number) => number) => Buffer;

/** Functions in slots of 256 bytes, filled with `cc` as lld does, or `nop`. */
export function slots(spec: ElfSpec, functions: readonly (readonly Piece[])[], filler: 0xcc | 0x90 = 0xcc): Buffer {
  const base = codeAddress(spec);
  const code = Buffer.alloc(functions.length * SLOT, filler);
  functions.forEach((pieces, index) => {
    let at = index * SLOT;
    for (const piece of pieces) at += piece(base + at, (slot) => base + slot * SLOT).copy(code, at);
  });
  return code;
}

export const bytes =
  (...values: number[]): Piece =>
  () =>
    Buffer.from(values);
export const push: Piece = () => PUSH;
export const ret: Piece = () => RET;

/** `call` of a slot. */
export const call =
  (index: number): Piece =>
  (vaddr, slot) =>
    branch(0xe8, vaddr, slot(index));

/** `jmp` to a slot. */
export const jump =
  (index: number): Piece =>
  (vaddr, slot) =>
    branch(0xe9, vaddr, slot(index));

function branch(opcode: number, vaddr: number, target: number): Buffer {
  const code = Buffer.alloc(5, opcode);
  code.writeInt32LE(target - vaddr - 5, 1);
  return code;
}

/** The address of data into a register: `lea r64, [rip + d32]`, or `mov r32, imm32` where that is possible. */
export const load =
  (spec: ElfSpec, register: number, place: number): Piece =>
  (vaddr) => {
    if (spec.fixed === true) return number(0xb8 | register, dataAddress(spec) + place);
    const code = Buffer.alloc(7);
    code.set([0x48, 0x8d, 0x05 | (register << 3)]);
    code.writeInt32LE(dataAddress(spec) + place - vaddr - 7, 3);
    return code;
  };

function number(opcode: number, value: number): Buffer {
  const code = Buffer.alloc(5, opcode);
  code.writeUInt32LE(value, 1);
  return code;
}

/** BoringSSL's error macro: `ERR_put_error(16, 0, reason, file, line)`, or without the unused argument. */
export function raise(spec: ElfSpec, file: number, reason: number, line: number): Piece[] {
  if (spec.fixed === true) {
    return [load(spec, 2, file), () => number(0xbf, 16), () => number(0xbe, reason), () => number(0xb9, line)];
  }
  return [
    load(spec, 1, file),
    () => number(0xbf, 16),
    bytes(0x31, 0xf6),
    () => number(0xba, reason),
    () => Buffer.concat([Buffer.from([0x41]), number(0xb8, line)]),
  ];
}
