import { codeAt, type Elf } from './elf.ts';
import { type Found, functionsAround } from './functions.ts';
import { literalsIn, textAt } from './literals.ts';
import { referencesTo } from './references.ts';
import type { Candidate, Role } from './target.ts';

/** What OpenSSL 3 names when an error is raised: the function. */
export const OPENSSL_MARK = 'ssl_write_internal\0';

/** Begin of the text that `OpenSSL_version` gives. */
export const OPENSSL_VERSION = 'OpenSSL 3.';

/** The functions that all reading and writing goes through, and the exported ones that they may be inlined into. */
const READ = ['ssl_read_internal', 'SSL_read'] as const;
const WRITE = ['ssl_write_internal', 'SSL_write'] as const;
const OTHERS: ReadonlyMap<string, Role> = new Map([
  ['SSL_do_handshake', 'handshake'],
  ['SSL_set_fd', 'set_fd'],
  ['SSL_set_rfd', 'set_fd'],
  ['SSL_set_wfd', 'set_fd'],
]);

/** The inner function itself, and a copy of it in the exported functions with and without `_ex`. */
const MAX_LEAVES = 3;

/** The version of OpenSSL 3 that a file carries (`3.0.19`); undefined when it says none, or several. */
export function opensslVersion(elf: Elf, places: readonly number[]): string | undefined {
  const found = new Set<string>();
  for (const place of places) {
    const version = /^OpenSSL (3\.\d+\.\d+\S*) \d{1,2} [A-Z][a-z]{2} \d{4}$/.exec(textAt(elf, place, 64))?.[1];
    if (version !== undefined) found.add(version);
  }
  return found.size === 1 ? [...found][0] : undefined;
}

/**
 * The functions of OpenSSL 3 that its names lead to (`ERR_raise` passes `__func__`). Undefined unless both directions are told apart. `hasFlags`
 * says whether the version is 3.2 or newer, where that is known.
 */
export function anchorOpenssl(elf: Elf, hasFlags: boolean | undefined): Candidate[] | undefined {
  const names = [...READ, ...WRITE, ...OTHERS.keys()];
  const literals = literalsIn(
    elf,
    names.map((name) => `${name}\0`),
  );
  const nameAt = new Map([...literals].flatMap(([text, places]) => places.map((place) => [place, text.slice(0, -1)])));
  if (nameAt.size === 0) return undefined;
  const references = referencesTo(elf, new Set(nameAt.keys()));
  const functions = functionsAround(
    elf,
    references.map(({ from }) => from),
  );
  const usersOf = (name: string): (Found | undefined)[] =>
    references.filter(({ to }) => nameAt.get(to) === name).map(({ from }) => functions.get(from));
  const read = leaves(usersOf, READ, 'read', () => 'read_ex');
  const write = leaves(usersOf, WRITE, 'write', ({ calls }) => roleOfWrite(elf, calls, hasFlags));
  if (read === undefined || write === undefined) return undefined;
  // Inlined copies of the writing function do not all have the same arguments where there are flags.
  if (write.filter(({ role }) => role !== 'write').length > 1 && write.some(({ role }) => role === 'write_ex5'))
    return undefined;
  const others = [...OTHERS].flatMap(([symbol, role]) => {
    const [begin, ...more] = new Set(usersOf(symbol).map((user) => user?.begin));
    return begin === undefined || more.length > 0 ? [] : [{ role, symbol, begin }];
  });
  return [...read, ...write, ...others];
}

/**
 * The functions that use the name of the inner one: that one, and those that compilers inline it into. Each call goes through one of them. The one
 * that also uses the exported name is the exported function. Undefined when one of them is not known, or there are too many.
 */
function leaves(
  usersOf: (name: string) => readonly (Found | undefined)[],
  [inner, exported]: readonly [inner: string, exported: string],
  role: Role,
  roleOf: (found: Found) => Role | undefined,
): Candidate[] | undefined {
  const named = new Set(usersOf(exported).map((user) => user?.begin));
  const found = new Map<number, Candidate>();
  for (const user of usersOf(inner)) {
    if (user === undefined) return undefined;
    const isNamed = named.has(user.begin);
    const its = isNamed ? role : roleOf(user);
    if (its === undefined) return undefined;
    found.set(user.begin, { role: its, symbol: isNamed ? exported : inner, begin: user.begin });
  }
  const all = [...found.values()];
  const isClear = all.length > 0 && all.length <= MAX_LEAVES && all.filter((one) => one.role === role).length <= 1;
  return isClear ? all : undefined;
}

/**
 * How `ssl_write_internal` is called: with `flags` since OpenSSL 3.2, which moves the place of the length from the 4th argument (rcx) to the
 * 5th (r8). Every caller shows it, and the version may say it. Undefined when they contradict each other, or none says anything.
 */
function roleOfWrite(elf: Elf, calls: readonly number[], hasFlags: boolean | undefined): Role | undefined {
  const shown = new Set<Role>(calls.map((call) => (fillsR8(elf, call) ? 'write_ex5' : 'write_ex')));
  if (hasFlags !== undefined) shown.add(hasFlags ? 'write_ex5' : 'write_ex');
  return shown.size === 1 ? [...shown][0] : undefined;
}

const ARGUMENTS = 40;

/** Whether the 5th argument is filled right before a call: `lea r8, [rsp|rbp + …]` or `mov r8, …`. */
function fillsR8(elf: Elf, call: number): boolean {
  const code = codeAt(elf, call - ARGUMENTS, ARGUMENTS);
  if (code === undefined) return false;
  for (let at = 0; at + 3 <= code.length; at++) {
    const [rex = 0, opcode, modrm = 0] = code.subarray(at, at + 3);
    const isRegister = (modrm & 0xc0) === 0xc0;
    if ((rex & 0xfc) === 0x4c && opcode === 0x8d && !isRegister && (modrm & 0x38) === 0) return true;
    if ((rex & 0xfc) === 0x4c && opcode === 0x8b && (modrm & 0x38) === 0) return true;
    if ((rex & 0xfb) === 0x49 && opcode === 0x89 && (modrm & 0xc7) === 0xc0) return true;
  }
  return false;
}
