/** What a probed function does and how it says how many bytes there were. */
export type Role =
  /** `SSL_read(ssl, buf, num)`, `SSL_write`: the result is the number of bytes (int), none at 0 or below. */
  | 'read'
  | 'write'
  /** `(ssl, buf, num, size_t *n)`: result 1 is success. `SSL_read_ex`, `SSL_write_ex`, `ssl_read_internal`, `ssl_write_internal` up to OpenSSL 3.1. */
  | 'read_ex'
  | 'write_ex'
  /** `ssl_write_internal(ssl, buf, num, flags, size_t *n)` from OpenSSL 3.2 on. */
  | 'write_ex5'
  /** `SSL_do_handshake(ssl)`. */
  | 'handshake'
  /** `SSL_set_fd`, `SSL_set_rfd`, `SSL_set_wfd`: `(ssl, fd)`. */
  | 'set_fd'
  /** `SSL_free(ssl)`. */
  | 'free';

/** A function that may be probed. */
export interface Candidate {
  readonly role: Role;
  /** Name of the function in its source. */
  readonly symbol: string;
  /** Address of its first instruction. */
  readonly begin: number;
}

/** Where a probe goes. */
export interface Site {
  readonly role: Role;
  /** Name of the function in its source. */
  readonly symbol: string;
  /** Place in the file: the begin of the function, or right behind its `endbr64`. A uretprobe is right there too. */
  readonly offset: number;
}

/** A TLS library in a file, and what of it to probe. No call comes through two of the sites of one direction. */
export interface Target {
  readonly library: 'openssl' | 'boringssl';
  readonly version?: string;
  /** How the functions were found. */
  readonly found: 'symbols' | 'anchors';
  readonly sites: readonly Site[];
}

/** What a file is for the sensor. `buildId` is in hex, and only there where the linker wrote one. */
export type Discovery =
  | { readonly kind: 'target'; readonly target: Target; readonly buildId?: string }
  /** No TLS library that is known is in this file. `needed` are the libraries that it loads. */
  | { readonly kind: 'none'; readonly buildId?: string; readonly needed: readonly string[] }
  /** A TLS library is in it, or may be, and it cannot be probed safely. */
  | {
      readonly kind: 'unsupported_build';
      /** `openssl`, `boringssl`, `rustls`, `go`, or `unknown`. */
      readonly library: string;
      readonly reason: string;
      readonly buildId?: string;
    };
