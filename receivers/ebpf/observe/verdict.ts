import { mayBeModelCall, providerOf } from '../../../core/index.ts';

export type Verdict = 'ai' | 'other' | 'undecided';

/** Bytes within which the head of a request has to say where it goes. */
export const HEAD_BYTES = 16_384;

/** What is known of a connection when its first bytes are looked at. */
export interface Known {
  readonly sni: string | undefined;
  readonly port: number | undefined;
}

const METHOD = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /;
const PREFACE = 'PRI * HTTP/2.0';

/**
 * Whether what a process sent first on a TLS connection is for an AI model. `sent` are its first bytes as latin1. Undecided: more bytes may
 * tell. The name in the handshake decides where it is that of a provider; HTTP/2 keeps host and path in a compressed form, so there it is all
 * that is known.
 */
export function verdictOf(sent: string, { sni, port }: Known): Verdict {
  if (sni !== undefined && providerOf(sni, port) !== undefined) return 'ai';
  if (sent.startsWith(PREFACE.slice(0, sent.length)) && sent.length < PREFACE.length) return 'undecided';
  if (sent.startsWith(PREFACE)) return 'other';
  if (!METHOD.test(sent)) return sent.length < 8 && /^[A-Z]*$/.test(sent) ? 'undecided' : 'other';
  const lineEnd = sent.indexOf('\r\n');
  const headEnd = sent.indexOf('\r\n\r\n');
  if (headEnd < 0 && sent.length < HEAD_BYTES) return 'undecided';
  const path = sent.slice(sent.indexOf(' ') + 1, lineEnd).split(' ')[0] ?? '';
  const [, name, at] = /\r\nhost:[ \t]*(\[[^\]]*\]|[^:\r\n]*)(?::(\d+))?/i.exec(sent) ?? [];
  const host = (name ?? sni ?? '').trim().toLowerCase();
  if (mayBeModelCall(host, at === undefined ? port : Number(at), path)) return 'ai';
  // MCP over HTTP may be served at any path
  return sent.includes('"jsonrpc"', headEnd) ? 'ai' : 'other';
}

/** The same for the pipes of a child process: MCP is JSON-RPC, one message a line. */
export function stdioVerdictOf(first: string): Verdict {
  const end = first.indexOf('\n');
  if (/"jsonrpc"\s*:/.test(end < 0 ? first : first.slice(0, end))) return 'ai';
  return end < 0 && first.length < HEAD_BYTES ? 'undecided' : 'other';
}
