import { describe, expect, test } from 'vitest';
import { entryOf, opensFrame } from '../../../../receivers/ebpf/target/prologue.ts';

const code = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', '').padEnd(32, '0'), 'hex');

describe('where a probe goes', () => {
  test.each([
    { what: 'push rbp', hex: '55 48 89 e5', skip: 0, price: 'emulated' },
    { what: 'push r13', hex: '41 55 41 54', skip: 0, price: 'emulated' },
    { what: 'endbr64, push rbp', hex: 'f3 0f 1e fa 55', skip: 4, price: 'emulated' },
    { what: 'nop of 5 bytes', hex: '0f 1f 44 00 00', skip: 0, price: 'emulated' },
    { what: 'sub rsp, 24', hex: '48 83 ec 18', skip: 0, price: 'stepped' },
    { what: 'endbr64, sub rsp, 8', hex: 'f3 0f 1e fa 48 83 ec 08', skip: 4, price: 'stepped' },
    { what: 'test rdi, rdi', hex: '48 85 ff 74 16', skip: 0, price: 'stepped' },
    { what: 'mov eax, 1', hex: 'b8 01 00 00 00', skip: 0, price: 'stepped' },
    { what: 'mov rax, fs:40', hex: '64 48 8b 04 25 28', skip: 0, price: 'stepped' },
  ])('$what: $price', ({ hex, skip, price }) => {
    expect(entryOf(code(hex))).toEqual({ skip, price });
  });

  test.each([
    { what: 'filler', hex: 'cc cc cc cc' },
    { what: 'zeros', hex: '00 00 00 00' },
    { what: 'ret', hex: 'c3 90 90 90' },
    { what: 'call', hex: 'e8 00 00 00 00' },
    { what: 'ud2, hlt', hex: 'f4 f4 f4 f4' },
    { what: 'an instruction that moves rip', hex: 'ff 25 00 00 00 00' },
  ])('nowhere: $what', ({ hex }) => {
    expect(entryOf(code(hex))).toBeUndefined();
  });

  test('nowhere: too few bytes', () => {
    expect(entryOf(Buffer.from([0x55, 0x48]))).toBeUndefined();
    expect(entryOf(Buffer.from([0xf3, 0x0f, 0x1e, 0xfa, 0x55]))).toBeUndefined();
  });
});

test.each([
  ['55', true],
  ['41 57', true],
  ['f3 0f 1e fa 31 c0', true],
  ['48 81 ec 00 02', true],
  ['48 85 ff', false],
  ['c3', false],
])('%s makes room on the stack: %s', (hex, want) => {
  expect(opensFrame(code(hex))).toBe(want);
});
