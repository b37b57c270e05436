import { anchorBoringssl, BORINGSSL_MARK } from './boringssl.ts';
import { buildIdOf, codeAt, type Elf, fileOffset, readElf } from './elf.ts';
import { BORINGSSL_ONLY, ROLES, SINCE_OPENSSL_3_2, tlsFunctions } from './exported.ts';
import { readFrames } from './frames.ts';
import { literalsIn } from './literals.ts';
import { anchorOpenssl, OPENSSL_MARK, OPENSSL_VERSION, opensslVersion } from './openssl.ts';
import { ENTRY_BYTES, entryOf } from './prologue.ts';
import { branchesTo } from './references.ts';
import { ElfError, type Source } from './source.ts';
import { type Dynamic, readDynamic } from './symbols.ts';
import type { Candidate, Discovery, Role, Site, Target } from './target.ts';

export type * from './target.ts';

/** Texts of TLS libraries that have no functions to probe. A program of Go carries the names of its functions, one of Rust its messages. */
const GO_MARK = 'crypto/tls.(*Conn).Write\0';
const RUSTLS_MARK = 'received corrupt message of type ';

/** What is known about a file without reading all of it. */
interface Outline {
  readonly elf: Elf;
  readonly dynamic: Dynamic | undefined;
  readonly functions: ReadonlyMap<string, number>;
}

/** A target, why there is none, or undefined where no TLS library is. */
type Finding = Target | { readonly library: string; readonly reason: string } | undefined;

/**
 * What a file is for the sensor: which functions of which TLS library in it to probe, and where. Only what is told apart beyond doubt is a
 * target. Throws nothing but errors of the source.
 */
export function discover(source: Source): Discovery {
  let id: { readonly buildId?: string } = {};
  try {
    const elf = readElf(source);
    const buildId = buildIdOf(elf);
    if (buildId !== undefined) id = { buildId };
    const dynamic = readDynamic(elf);
    const outline = { elf, dynamic, functions: tlsFunctions(elf, dynamic) };
    const finding = named(outline) ?? unnamed(outline);
    if (finding === undefined) return { kind: 'none', needed: dynamic?.needed ?? [], ...id };
    return 'reason' in finding
      ? { kind: 'unsupported_build', ...finding, ...id }
      : { kind: 'target', target: finding, ...id };
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    if (error.reason === 'not_elf') return { kind: 'none', needed: [], ...id };
    return { kind: 'unsupported_build', library: 'unknown', reason: error.message, ...id };
  }
}

/** A file whose symbols name functions for both directions. */
function named(outline: Outline): Finding {
  const { functions, dynamic } = outline;
  const exported = [...ROLES].flatMap(([symbol, role]) => candidates(functions, symbol, role));
  const has = (...roles: Role[]): boolean => roles.some((role) => exported.some((one) => one.role === role));
  if (!has('read', 'read_ex') || !has('write', 'write_ex')) return undefined;
  const isBoring = functions.has(BORINGSSL_ONLY);
  const isWhole = has('read') && has('read_ex') && has('write') && has('write_ex');
  // The inner functions also see what other parts of libssl read and write (BIO_f_ssl), and often cost less to probe.
  if (!isBoring && (!isWhole || dynamic?.soname?.startsWith('libssl.so') === true)) {
    const inner = innerOpenssl(outline);
    if (inner !== undefined) {
      const others = exported.filter(({ role }) => role === 'handshake' || role === 'set_fd' || role === 'free');
      const target = targetOf(outline.elf, 'openssl', 'anchors', inner.version, [...inner.functions, ...others]);
      if (target !== undefined) return target;
    }
  }
  const library = isBoring ? 'boringssl' : 'openssl';
  return (
    targetOf(outline.elf, library, 'symbols', undefined, withoutWrappers(outline.elf, exported)) ?? {
      library,
      reason: 'a symbol names no begin of a function',
    }
  );
}

const WRAPPER_BYTES = 96;

/** Leaves out `SSL_read_ex` and `SSL_write_ex` where they call `SSL_read` and `SSL_write`, as in LibreSSL: one call would be seen twice. */
function withoutWrappers(elf: Elf, functions: readonly Candidate[]): Candidate[] {
  return functions.filter(({ role, begin }) => {
    const inner = functions.find((other) => `${other.role}_ex` === role);
    const code = inner === undefined ? undefined : codeAt(elf, begin, WRAPPER_BYTES);
    return inner === undefined || code === undefined || !branchesTo(code, begin, inner.begin);
  });
}

function candidates(functions: ReadonlyMap<string, number>, symbol: string, role: Role): Candidate[] {
  const begin = functions.get(symbol);
  return begin === undefined ? [] : [{ role, symbol, begin }];
}

/** A file without such symbols: what the texts in it say. */
function unnamed({ elf, ...outline }: Outline): Finding {
  const marks = literalsIn(elf, [OPENSSL_MARK, BORINGSSL_MARK, GO_MARK, RUSTLS_MARK]);
  const has = (mark: string): boolean => (marks.get(mark) ?? []).length > 0;
  const findings: Finding[] = [];
  if (has(OPENSSL_MARK)) findings.push(anchoredOpenssl({ elf, ...outline }));
  if (has(BORINGSSL_MARK)) findings.push(anchoredBoringssl(elf, marks.get(BORINGSSL_MARK) ?? []));
  if (has(GO_MARK))
    findings.push({ library: 'go', reason: 'crypto/tls of Go has no functions that keep to the C calling convention' });
  if (has(RUSTLS_MARK)) findings.push({ library: 'rustls', reason: 'rustls has no functions that stay the same' });
  return findings.find((finding) => finding !== undefined && !('reason' in finding)) ?? findings[0];
}

function anchoredOpenssl(outline: Outline): Finding {
  const inner = innerOpenssl(outline);
  const none = { library: 'openssl', reason: 'ssl_read_internal and ssl_write_internal are not told apart' };
  return inner === undefined
    ? none
    : (targetOf(outline.elf, 'openssl', 'anchors', inner.version, inner.functions) ?? none);
}

function anchoredBoringssl(elf: Elf, marks: readonly number[]): Finding {
  const anchored = anchorBoringssl(elf, marks);
  if (!anchored.ok) return { library: 'boringssl', reason: anchored.reason };
  const target = targetOf(elf, 'boringssl', 'anchors', undefined, anchored.functions);
  return target ?? { library: 'boringssl', reason: 'what was found begins like no function' };
}

interface Inner {
  readonly version: string | undefined;
  readonly functions: readonly Candidate[];
}

/** The functions of OpenSSL 3 that have an anchor. */
function innerOpenssl({ elf, dynamic, functions }: Outline): Inner | undefined {
  const version = opensslVersion(elf, literalsIn(elf, [OPENSSL_VERSION]).get(OPENSSL_VERSION) ?? []);
  const anchored = anchorOpenssl(elf, hasFlags(version, dynamic, functions));
  return anchored && { version, functions: anchored };
}

/** Whether the version is 3.2 or newer; a shared libssl carries no version, and exports what came with it. */
function hasFlags(
  version: string | undefined,
  dynamic: Dynamic | undefined,
  functions: ReadonlyMap<string, number>,
): boolean | undefined {
  if (version !== undefined) return Number(version.split('.')[1]) >= 2;
  return dynamic?.soname === 'libssl.so.3' ? functions.has(SINCE_OPENSSL_3_2) : undefined;
}

/** Places for probes; undefined unless both directions begin like functions. Others that do not are left out. */
function targetOf(
  elf: Elf,
  library: Target['library'],
  found: Target['found'],
  version: string | undefined,
  functions: readonly Candidate[],
): Target | undefined {
  const sites: Site[] = [];
  // a symbol may point anywhere: where the unwind information knows the place, it has to be the begin of a function there
  const frames = found === 'symbols' ? readFrames(elf) : undefined;
  for (const { role, symbol, begin } of functions) {
    if ((frames?.(begin) ?? begin) !== begin) return undefined;
    const code = codeAt(elf, begin, ENTRY_BYTES);
    const entry = code === undefined ? undefined : entryOf(code);
    const offset = entry === undefined ? undefined : fileOffset(elf, begin) + entry.skip;
    if (offset !== undefined && !sites.some((site) => site.offset === offset)) sites.push({ role, symbol, offset });
    else if (/^(read|write)/.test(role)) return undefined;
  }
  return { library, ...(version === undefined ? {} : { version }), found, sites };
}
