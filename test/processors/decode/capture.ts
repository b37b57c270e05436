import { createMatcher, DEFAULT_REGISTRY, Meter, type OispEvent } from '../../../core/index.ts';
import { makeContext } from '../../../core/testing/index.ts';
import { Histories } from '../../../processors/decode/body/history.ts';
import type { ConnectionInfo } from '../../../processors/decode/connection-info.ts';
import { Counters } from '../../../processors/decode/counters.ts';
import { Decoder, type DecoderOptions } from '../../../processors/decode/decoder.ts';
import { flavours } from '../../../processors/decode/flavours/index.ts';
import { McpSessions } from '../../../processors/decode/mcp/sessions.ts';

const START_NS = 1_795_168_800_000_000_000n;

/** Writes capture records of one process, one millisecond apart. */
export class Recorder {
  #ns = 0n;
  readonly events: OispEvent[] = [];
  readonly #seq = new Map<string, number>();
  readonly #offset = new Map<string, number>();

  record(type: string, data: object): OispEvent {
    this.#ns += 1_000_000n;
    const ns = START_NS + this.#ns;
    const ts = `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 23)}000000Z`;
    const event: OispEvent = {
      oisp_version: '0.1',
      event_id: `record-${this.events.length}`,
      event_type: type,
      ts,
      ts_mono: Number(this.#ns),
      source: { collector: 'oisp-collector', capture_method: 'ebpf_uprobe', clock: 'boottime' },
      confidence: { level: 'high', completeness: 'full' },
      host: { device_id: 'host', boot_id: 'boot' },
      process: { pid: 41, start_time: '2026-11-20T09:00:00.000000000Z' },
      data,
    };
    this.events.push(event);
    return event;
  }

  wait(ms: number): this {
    this.#ns += BigInt(ms) * 1_000_000n;
    return this;
  }

  open(conn: string, more: object = { sni: 'api.openai.com', alpn: 'http/1.1' }): this {
    this.record('capture.open', { conn, protocol: 'tls', ...more });
    return this;
  }

  /** `size` cuts the bytes into records of that many; `lose` leaves one of them out, `cut` copies none of its bytes. */
  data(conn: string, dir: 'sent' | 'received', bytes: string | Buffer, size = Number.POSITIVE_INFINITY): this {
    const all = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    for (let at = 0; at < all.length; at += size) {
      const piece = all.subarray(at, Math.min(all.length, at + size));
      this.record('capture.data', { conn, dir, ...this.place(conn, dir, piece.length), b64: piece.toString('base64') });
      if (size === Number.POSITIVE_INFINITY) break;
    }
    return this;
  }

  /** Bytes that the source lost: the next record shows it in `seq` and `offset`. */
  lose(conn: string, dir: 'sent' | 'received', size: number): this {
    this.place(conn, dir, size);
    return this;
  }

  place(conn: string, dir: string, size: number): { seq: number; offset: number } {
    const key = `${conn} ${dir}`;
    const place = { seq: this.#seq.get(key) ?? 0, offset: this.#offset.get(key) ?? 0 };
    this.#seq.set(key, place.seq + 1);
    this.#offset.set(key, place.offset + size);
    return place;
  }

  close(conn: string, reason = 'eof'): this {
    this.record('capture.close', { conn, reason });
    return this;
  }
}

/** What readers of a connection share, for tests of one of them. */
export function connectionInfo(counters: Counters, over: Partial<ConnectionInfo> = {}): ConnectionInfo {
  const unknown = { sni: undefined, alpn: undefined, remoteIp: undefined, remotePort: undefined, child: undefined };
  return {
    conn: 'c',
    opened: { protocol: 'tls', ...unknown },
    counters,
    flavours: [],
    limits: { bodyBytes: 2000 },
    histories: new Histories(1 << 20),
    speaker: '',
    mcp: new McpSessions(counters),
    registry: DEFAULT_REGISTRY,
    cost: false,
    events: { hashOf: () => '', streamingChunks: false, embeddingEvents: false },
    process: 'test',
    identity: 'test',
    emit: () => {},
    ...over,
  };
}

/** A decoder and its numbers. */
export function makeDecoder(over: Partial<DecoderOptions> = {}) {
  const meter = new Meter();
  const { context, lines } = makeContext();
  const decoder = new Decoder({
    reorderWindowMs: 2000,
    maxConnections: 1000,
    maxConnectionBytes: 64 << 20,
    maxTotalBytes: 256 << 20,
    maxBodyBytes: 16 << 20,
    flavours,
    counters: new Counters(meter, context.log, 'decode'),
    matcher: createMatcher(Buffer.alloc(32, 1)),
    ...over,
  });
  const count = (name: string): number =>
    meter
      .samples()
      .filter((sample) => sample.name === `oisp_decode_${name}`)
      .reduce((sum, sample) => sum + sample.value, 0);
  return { decoder, meter, lines, count };
}

/** All that comes out of some records. */
export function decode(events: readonly OispEvent[], over: Partial<DecoderOptions> = {}) {
  const made = makeDecoder(over);
  const out = [...made.decoder.push(events).events, ...made.decoder.finish().events];
  return { ...made, out, of: (type: string) => out.filter((event) => event.event_type === type) };
}

/** Events without what depends on the time of their bytes. */
export function timeless(events: readonly OispEvent[]): unknown[] {
  const ids = new Map<string, string>();
  const name = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `id-${ids.size}`);
    return ids.get(id) ?? '';
  };
  return events.map((event) => {
    const { latency_ms: _a, time_to_first_token_ms: _b, ...data } = event.data as Record<string, unknown>;
    const text = JSON.stringify({ ...event, ts: '', ts_mono: 0, event_id: name(event.event_id), data });
    return JSON.parse(
      text.replace(/"(?:mcp_)?[0-9A-HJKMNP-TV-Z]{26}(?:\.[a-z0-9.]+)?"/g, (id) => JSON.stringify(name(id))),
    );
  });
}

export function request(host: string, path: string, body: unknown, headers: Record<string, string> = {}): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

export function response(body: unknown, status = 200): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** A chunked answer of server-sent events, one chunk each. */
export function sse(
  events: readonly unknown[],
  coding?: { readonly name: string; readonly pieces: readonly Buffer[] },
): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${coding ? `Content-Encoding: ${coding.name}\r\n` : ''}Transfer-Encoding: chunked\r\n\r\n`;
  const pieces = coding?.pieces ?? events.map((event) => Buffer.from(sseText(event)));
  const chunks = pieces.flatMap((piece) => [
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([Buffer.from(head), ...chunks, Buffer.from('0\r\n\r\n')]);
}

export function sseText(event: unknown): string {
  if (typeof event === 'string') return `data: ${event}\n\n`;
  const type = (event as { type?: unknown }).type;
  return `${typeof type === 'string' ? `event: ${type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
}
