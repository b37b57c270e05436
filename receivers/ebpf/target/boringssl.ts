import { codeAt, type Elf } from './elf.ts';
import { type Found, functionsAround } from './functions.ts';
import { beginOfText } from './literals.ts';
import { referencesTo } from './references.ts';
import type { Candidate } from './target.ts';

/** What BoringSSL's error macro names: its source file. */
export const BORINGSSL_MARK = 'ssl/ssl_lib.cc\0';

/** Functions by their role, or why they are not told apart. */
export type Anchored =
  | { readonly ok: true; readonly functions: readonly Candidate[] }
  | { readonly ok: false; readonly reason: string };

/** One use of the error macro. */
interface Raise {
  readonly reason: number;
  readonly line: number;
}

interface Raising {
  readonly found: Found | undefined;
  readonly raises: readonly Raise[];
}

// Numbers of openssl/err.h and openssl/ssl.h of BoringSSL.
const ERR_LIB_SSL = 16;
const SHOULD_NOT_HAVE_BEEN_CALLED = 66;
const BAD_LENGTH = 111;
const CONNECTION_TYPE_NOT_SET = 134;
const SSL_HANDSHAKE_FAILURE = 215;
const UNINITIALIZED = 226;

/** Lines between the check in `SSL_peek`, which is inlined into `SSL_read`, and the first of `SSL_write`, which comes next; 21 or 22 were seen. */
const MAX_LINES = 45;
/** Bytes in which `SSL_read` calls `ssl_read_impl`. */
const MAX_BODY = 1024;

/**
 * Tells the functions of `ssl_lib.cc` apart by the errors that they raise. `ERR_put_error(lib, unused, reason, file, line)` is called with
 * the address of the file's name, so each use of it says which reason and which line it is for.
 */
export function anchorBoringssl(elf: Elf, marks: readonly number[]): Anchored {
  const references = referencesTo(elf, new Set(marks.map((mark) => beginOfText(elf, mark))));
  const raises = new Map<number, Raise>();
  for (const { from } of references) {
    const raise = raiseAt(elf, from);
    if (raise !== undefined) raises.set(from, raise);
  }
  const all = byFunction(raises, functionsAround(elf, [...raises.keys()]));
  const write = only(
    all.filter((one) => hasAll(one, [SHOULD_NOT_HAVE_BEEN_CALLED, UNINITIALIZED, SSL_HANDSHAKE_FAILURE, BAD_LENGTH])),
  );
  if (write === undefined) return { ok: false, reason: 'SSL_write is not told apart' };
  const first = Math.min(...write.raises.map(({ line }) => line));
  const bodies = all.filter((one) => hasAll(one, [UNINITIALIZED, SSL_HANDSHAKE_FAILURE]) && one !== write);
  const read = only(
    all.filter(
      (one) =>
        one.raises.some(
          ({ reason, line }) => reason === SHOULD_NOT_HAVE_BEEN_CALLED && line < first && line >= first - MAX_LINES,
        ) && bodies.some((body) => body === one || calls(one, body)),
    ),
  );
  if (read === undefined) return { ok: false, reason: 'SSL_read is not told apart' };
  const handshake = only(all.filter((one) => hasAll(one, [CONNECTION_TYPE_NOT_SET])));
  return {
    ok: true,
    functions: [
      { role: 'read', symbol: 'SSL_read', begin: read.found.begin },
      { role: 'write', symbol: 'SSL_write', begin: write.found.begin },
      ...(handshake === undefined
        ? []
        : [{ role: 'handshake' as const, symbol: 'SSL_do_handshake', begin: handshake.found.begin }]),
    ],
  };
}

/** The one of a list, when its begin is known. */
function only(list: readonly Raising[]): (Raising & { readonly found: Found }) | undefined {
  const [one, ...others] = list;
  return one?.found === undefined || others.length > 0 ? undefined : { ...one, found: one.found };
}

function hasAll({ raises }: Raising, reasons: readonly number[]): boolean {
  return reasons.every((reason) => raises.some((raise) => raise.reason === reason));
}

function calls(caller: Raising, callee: Raising): boolean {
  const begin = caller.found?.begin;
  return begin !== undefined && (callee.found?.calls ?? []).some((call) => call > begin && call < begin + MAX_BODY);
}

/** What is raised in each function; a place in none that is known stays alone. */
function byFunction(raises: ReadonlyMap<number, Raise>, functions: ReadonlyMap<number, Found>): Raising[] {
  const groups = new Map<number, { found: Found | undefined; raises: Raise[] }>();
  for (const [place, raise] of raises) {
    const found = functions.get(place);
    const key = found?.begin ?? place;
    const group = groups.get(key) ?? { found, raises: [] };
    groups.set(key, group);
    group.raises.push(raise);
  }
  return [...groups.values()];
}

const BEFORE = 18;
const BEHIND = 30;
const [CX, DX, SI, DI, R8] = [1, 2, 6, 7, 8];

/**
 * Reason and line of a call of the error macro, from the numbers that are loaded around the address of the file's name:
 *
 *     as written                     mov edi, 16   mov edx, REASON   lea rcx, file   mov r8d, LINE
 *     without the unused argument    mov edi, 16   mov esi, REASON   lea rdx, file   mov ecx, LINE
 */
function raiseAt(elf: Elf, place: number): Raise | undefined {
  const code = codeAt(elf, place - BEFORE, BEFORE + BEHIND + 5);
  if (code === undefined || code.length < BEFORE + 7) return undefined;
  const file = registerOf(code.subarray(BEFORE));
  if (file !== CX && file !== DX) return undefined;
  const reason = loadedInto(code, file === CX ? DX : SI);
  const line = loadedInto(code, file === CX ? R8 : CX);
  if (loadedInto(code, DI) !== ERR_LIB_SSL || reason === undefined || line === undefined) return undefined;
  return { reason, line };
}

/** The register that a `lea` or `mov` fills. */
function registerOf(code: Buffer): number {
  const [first = 0, , modrm = 0] = code;
  return (first & 0xf8) === 0xb8 ? first & 7 : ((modrm >> 3) & 7) | (first === 0x4c ? 8 : 0);
}

/** The number that a `mov r32, imm32` loads, the nearest behind the middle of some code, else the nearest before it. */
function loadedInto(code: Buffer, register: number): number | undefined {
  const isLoad = (at: number): boolean =>
    code[at] === (0xb8 | (register & 7)) && (code[at - 1] === 0x41) === register > 7 && at + 5 <= code.length;
  for (let at = BEFORE + 5; at <= BEFORE + BEHIND; at++) if (isLoad(at)) return code.readUInt32LE(at + 1);
  for (let at = BEFORE - 5; at >= 0; at--) if (isLoad(at)) return code.readUInt32LE(at + 1);
  return undefined;
}
