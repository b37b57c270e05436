import { bytes, call, load, type Piece, push, raise, ret, slots } from './code-builder.ts';
import { buildElf, type ElfSpec } from './elf-builder.ts';

const FILE = 'vendor/boringssl/ssl/ssl_lib.cc';

/** Slots of the made BoringSSL. */
export const BORING = { handshake: 1, body: 2, read: 3, write: 4 } as const;

/** A program with BoringSSL's `ssl_lib.cc` in it and no symbols. `more` are functions behind it. */
export function boringProgram(spec: ElfSpec, more: readonly (readonly Piece[])[] = []): Buffer {
  const at = (reason: number, line: number): Piece[] => raise(spec, 1, reason, line);
  const callers = [
    call(BORING.handshake),
    call(BORING.read),
    call(BORING.write),
    ...more.map((_, index) => call(5 + index)),
  ];
  const functions = [
    [push, ...callers, ret],
    [push, ...at(134, 700), ret],
    [push, ...at(226, 800), ...at(215, 830), ret],
    [push, ...at(66, 930), call(BORING.body), ret],
    [push, ...at(66, 950), ...at(226, 955), ...at(215, 970), ...at(111, 979), ret],
    ...more,
  ];
  return buildElf({ ...spec, data: Buffer.from(`\0${FILE}\0`), code: slots(spec, functions) });
}

/** One more function that raises what `SSL_write` raises. */
export function secondWrite(spec: ElfSpec): Piece[] {
  return [push, ...[66, 226, 215, 111].flatMap((reason) => raise(spec, 1, reason, 1200)), ret];
}

export const OPENSSL = { read: 1, write: 2, exportedRead: 3, exportedWrite: 4, handshake: 5 } as const;

export interface MadeOpenssl {
  /** Text that says the version. */
  readonly version?: string;
  /** Fills the 5th argument of the writing function, as OpenSSL 3.2 does. */
  readonly hasFlags?: boolean;
  /** The first instructions of the inner functions. */
  readonly begin?: Piece;
  /** The exported function for reading has a copy of the inner one. */
  readonly isInlined?: boolean;
}

const LEA_RCX = bytes(0x48, 0x8d, 0x4c, 0x24, 0x08);
const LEA_R8 = bytes(0x4c, 0x8d, 0x44, 0x24, 0x08);

/** A program or library with what reads and writes in OpenSSL 3. */
export function opensslProgram(spec: ElfSpec, made: MadeOpenssl = {}): Buffer {
  const names = ['ssl_read_internal', 'ssl_write_internal', 'SSL_read', 'SSL_write', 'SSL_do_handshake'];
  const data = Buffer.from(`\0${[...names, made.version ?? ''].join('\0')}\0`, 'latin1');
  const use = (name: string): Piece => load(spec, 2, data.indexOf(`\0${name}\0`) + 1);
  const begin = made.begin ?? push;
  const functions = [
    [push, call(OPENSSL.exportedRead), call(OPENSSL.exportedWrite), call(OPENSSL.handshake), ret],
    [begin, use('ssl_read_internal'), use('ssl_read_internal'), ret],
    [begin, use('ssl_write_internal'), ret],
    [push, use('SSL_read'), ...(made.isInlined ? [use('ssl_read_internal')] : []), call(OPENSSL.read), ret],
    [push, use('SSL_write'), made.hasFlags ? LEA_R8 : LEA_RCX, call(OPENSSL.write), ret],
    [push, use('SSL_do_handshake'), ret],
  ];
  return buildElf({ ...spec, data, code: slots(spec, functions) });
}
