import { mayBeModelCall, type ProviderRegistry } from '../../../core/index.ts';
import { http2VerdictOf } from './http2-verdict.ts';

export type Verdict = 'ai' | 'other' | 'undecided';

/** Bytes within which the head of a request has to say where it goes. */
export const HEAD_BYTES = 16_384;

/** What is known of a connection when its first bytes are looked at. */
export interface Known {
  readonly sni: string | undefined;
  readonly port: number | undefined;
}

const METHOD = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /;
/** Heads of requests, those too that follow in the same bytes: up to the empty line, or as far as the bytes go. */
const HEADS =
  /(?:^|\r\n\r\n)(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S+)(?: HTTP\/1\.[01](?:\r\n(?!\r\n)[^\r\n]*)*)?/g;
/** How the preface of HTTP/2 begins (RFC 9113 3.4). */
export const PREFACE = 'PRI * HTTP/2.0\r\n';

/**
 * Whether what a process sent first on a TLS connection is for an AI model. `sent` are its first bytes as latin1. Undecided: more bytes may
 * tell. The name in the handshake decides where it is that of a provider, else host and path of the requests at the begin.
 */
export function verdictOf(sent: string, { sni, port }: Known, registry: ProviderRegistry): Verdict {
  if (sni !== undefined && registry.providerOf(sni, port) !== undefined) return 'ai';
  if (sent.startsWith(PREFACE.slice(0, sent.length)) && sent.length < PREFACE.length) return 'undecided';
  if (sent.startsWith(PREFACE)) {
    const verdict = http2VerdictOf(Buffer.from(sent, 'latin1'), { sni, port }, registry);
    return verdict === 'undecided' && sent.length >= HEAD_BYTES ? 'other' : verdict;
  }
  if (!METHOD.test(sent)) return sent.length < 8 && /^[A-Z]*$/.test(sent) ? 'undecided' : 'other';
  const headEnd = sent.indexOf('\r\n\r\n');
  if (headEnd < 0 && sent.length < HEAD_BYTES) return 'undecided';
  for (const [head, path = ''] of sent.matchAll(HEADS)) {
    const [, name, at] = /\r\nhost:[ \t]*(\[[^\]]*\]|[^:\r\n]*)(?::(\d+))?/i.exec(head) ?? [];
    const host = (name ?? sni ?? '').trim().toLowerCase();
    if (mayBeModelCall(registry, host, at === undefined ? port : Number(at), path)) return 'ai';
  }
  // MCP over HTTP may be served at any path
  return sent.includes('"jsonrpc"', headEnd) ? 'ai' : 'other';
}

/** The same for the pipes of a child process: MCP is JSON-RPC, one message a line. */
export function stdioVerdictOf(first: string): Verdict {
  const end = first.indexOf('\n');
  if (/"jsonrpc"\s*:/.test(end < 0 ? first : first.slice(0, end))) return 'ai';
  return end < 0 && first.length < HEAD_BYTES ? 'undecided' : 'other';
}
