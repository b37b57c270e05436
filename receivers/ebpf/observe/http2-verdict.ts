import {
  FrameReader,
  type HeaderField,
  HpackDecoder,
  mayBeModelCall,
  type ProviderRegistry,
} from '../../../core/index.ts';
import type { Known, Verdict } from './verdict.ts';

/**
 * Whether the requests at the begin of an HTTP/2 connection are for an AI model. `sent` are the client's first bytes, from the preface on.
 * Undecided while no header block of a request is whole.
 */
export function http2VerdictOf(sent: Buffer, known: Known, registry: ProviderRegistry): Verdict {
  const hpack = new HpackDecoder();
  let verdict: Verdict = 'undecided';
  const decide = (isModelCall: boolean): void => {
    if (isModelCall) verdict = 'ai';
    else if (verdict === 'undecided') verdict = 'other';
  };
  const nothing = (): void => undefined;
  const reader = new FrameReader<undefined>('client', false, {
    headers: (_stream, block) => decide(isModelCall(hpack.decode(block).fields, known, registry)),
    // MCP over HTTP may be served at any path
    data: (_stream, bytes, from, to) => decide(bytes.subarray(from, to).includes('"jsonrpc"')),
    // what follows cannot be read
    blockLost: () => decide(false),
    lost: () => decide(false),
    refused: () => decide(false),
    ...{ promise: nothing, missing: nothing, end: nothing, reset: nothing, setting: nothing, goaway: nothing },
  });
  reader.feed(sent, undefined);
  return verdict;
}

function isModelCall(fields: readonly HeaderField[], { sni, port }: Known, registry: ProviderRegistry): boolean {
  const value = (name: string): string | undefined => fields.find((field) => field.name === name)?.value;
  const authority = value(':authority') ?? value('host') ?? '';
  const [, name = '', at] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? [];
  const host = (name === '' ? (sni ?? '') : name).toLowerCase();
  return mayBeModelCall(registry, host, at === undefined ? port : Number(at), value(':path') ?? '');
}
