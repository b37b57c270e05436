import type { Elf } from './elf.ts';
import { type Dynamic, functionsNamed, type SymbolTable, symbolSections } from './symbols.ts';
import type { Role } from './target.ts';

/** The functions that OpenSSL and BoringSSL export, and what they are for the sensor. `SSL_connect` and `SSL_accept` end in `SSL_do_handshake`. */
export const ROLES: ReadonlyMap<string, Role> = new Map([
  ['SSL_read', 'read'],
  ['SSL_write', 'write'],
  ['SSL_read_ex', 'read_ex'],
  ['SSL_write_ex', 'write_ex'],
  ['SSL_do_handshake', 'handshake'],
  ['SSL_set_fd', 'set_fd'],
  ['SSL_set_rfd', 'set_fd'],
  ['SSL_set_wfd', 'set_fd'],
  ['SSL_free', 'free'],
]);

/** Exported by BoringSSL alone. */
export const BORINGSSL_ONLY = 'SSL_CTX_set_grease_enabled';
/** Exported by OpenSSL since 3.2. */
export const SINCE_OPENSSL_3_2 = 'SSL_handle_events';

const EXPORTED = new Set([...ROLES.keys(), BORINGSSL_ONLY, SINCE_OPENSSL_3_2]);

/** Begins of the named functions of a TLS library in a file, from all its symbol tables. A name with two begins is left out. */
export function tlsFunctions(elf: Elf, dynamic: Dynamic | undefined): ReadonlyMap<string, number> {
  const tables: SymbolTable[] = symbolSections(elf);
  if (dynamic?.symbols !== undefined) tables.push(dynamic.symbols);
  const begins = new Map<string, Set<number>>();
  for (const table of tables) {
    for (const [name, addresses] of functionsNamed(elf, table, 'SSL_', EXPORTED)) {
      begins.set(name, new Set([...(begins.get(name) ?? []), ...addresses]));
    }
  }
  return new Map(
    [...begins].flatMap(([name, [begin, ...others]]) =>
      begin === undefined || others.length > 0 ? [] : [[name, begin]],
    ),
  );
}
