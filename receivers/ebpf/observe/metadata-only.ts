import { digest, type OispEvent, type ProviderRegistry } from '../../../core/index.ts';
import type { SensorRecord } from '../kernel/record.ts';
import type { Hello } from './client-hello.ts';
import type { Envelope } from './envelope.ts';
import type { Process } from './processes.ts';

const UNREAD =
  'its TLS library cannot be read ("oisp-collector doctor" says why), or it was over before the library was probed';

/**
 * A connection to an AI provider whose plaintext could not be seen, as one request and one response that say so: whom it was with, when, and
 * how many bytes of TLS went each way. Nothing for other hosts.
 */
export function unreadEvents(
  record: Extract<SensorRecord, { type: 'sock_end' }>,
  hello: Hello,
  process: Process,
  envelope: Envelope,
  registry: ProviderRegistry,
): OispEvent[] {
  const { sni } = hello;
  const provider = sni === undefined ? undefined : registry.providerOf(sni, record.ends?.remote.port);
  if (sni === undefined || provider === undefined) return [];
  const id = digest(
    'oisp.unread.v1',
    process.pid,
    process.info.start_time ?? '',
    String(record.sock),
    String(record.first),
  )
    .toString('hex')
    .slice(0, 32);
  const about = { request_id: id, provider: { name: provider.oisp, endpoint: `https://${sni}` } };
  const more: Partial<OispEvent> = {
    confidence: {
      level: 'low',
      completeness: 'metadata_only',
      reasons: ['the server name of a TLS handshake'],
      missing: ['model', 'messages', 'tools', 'usage'],
      limitations: [UNREAD],
      ai_detection_method: 'known_endpoint',
    },
    attrs: {
      'server.address': sni,
      'gen_ai.provider.name': provider.otel,
      'oisp.tls.bytes_sent': record.sent,
      'oisp.tls.bytes_received': record.received,
      ...(record.ends && {
        'network.peer.address': record.ends.remote.ip,
        'network.peer.port': record.ends.remote.port,
      }),
    },
  };
  return [
    envelope.event(
      'ai.request',
      record.first,
      process.info,
      { ...about, request_type: 'other', streaming: false },
      more,
    ),
    envelope.event(
      'ai.response',
      record.last,
      process.info,
      { ...about, success: true, latency_ms: Math.round((record.last - record.first) / 1e6) },
      more,
    ),
  ];
}
