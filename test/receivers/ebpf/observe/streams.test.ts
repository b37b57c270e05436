import { describe, expect, it } from 'vitest';
import { DEFAULT_REGISTRY, type OispEvent } from '../../../../core/index.ts';
import { VERDICT_AI, VERDICT_OTHER } from '../../../../receivers/ebpf/kernel/layout.gen.ts';
import { Streams } from '../../../../receivers/ebpf/observe/streams.ts';
import { firstBytes } from './http2.ts';
import { at, bound, closed, data, envelope, helloFor, processes } from './made.ts';

const POST = 'POST /v1/messages HTTP/1.1\r\nhost: api.anthropic.com\r\n\r\n{}';

interface Lab {
  readonly streams: Streams;
  readonly events: OispEvent[];
  readonly verdicts: [number, number][];
  readonly counts: { ai: number; other: number; evicted: number; unbound: number; leftOut: number; lost: number };
  told(): string[];
}

function lab(limits: { readonly maxStreams?: number; readonly maxHeld?: number } = {}): Lab {
  const events: OispEvent[] = [];
  const verdicts: [number, number][] = [];
  const counts = { ai: 0, other: 0, evicted: 0, unbound: 0, leftOut: 0, lost: 0 };
  const known = processes(
    new Map([[40, { ppid: 1, start: at(-1000), uid: 0, gid: 0, exe: '/usr/bin/node', args: ['node'], cwd: '/' }]]),
  );
  const streams = new Streams({
    registry: DEFAULT_REGISTRY,
    envelope: envelope(),
    processes: known,
    emit: (event) => void events.push(event),
    setVerdict: (conn, verdict) => void verdicts.push([conn, verdict]),
    ownerOf: (child) => known.running(40) ?? child,
    onAi: () => undefined,
    onLost: () => undefined,
    holdNs: 300_000_000,
    maxStreams: limits.maxStreams ?? 100,
    maxHeld: limits.maxHeld ?? 1_000_000,
    counts,
  });
  const told = (): string[] =>
    events.map(({ event_type, data: about }) => {
      const { dir, bytes, remote, reason } = about as {
        dir?: string;
        bytes?: Buffer;
        remote?: object;
        reason?: string;
      };
      return [event_type.slice(8), dir, bytes?.toString(), remote && 'with remote', reason].filter(Boolean).join(' ');
    });
  return { streams, events, verdicts, counts, told };
}

describe('streams', () => {
  it('wait for the remote address, then go on in order', () => {
    const { streams, told, verdicts } = lab();
    streams.data(data(0, POST));
    expect(told()).toEqual([]);
    expect(verdicts).toEqual([[7, VERDICT_AI]]);
    streams.bound(bound(2));
    streams.data(data(9, 'HTTP/1.1 200 OK', { isSent: false, isBound: true }));
    streams.close(closed(20));
    expect(told()).toEqual(['open with remote', `data sent ${POST}`, 'data received HTTP/1.1 200 OK', 'close eof']);
  });

  it('tell no address that was not seen: after the wait the bytes go on without one', () => {
    const { streams, told, counts } = lab();
    streams.data(data(0, POST));
    streams.elapse(at(299));
    expect(told()).toEqual([]);
    streams.elapse(at(300));
    expect(told()).toEqual(['open', `data sent ${POST}`]);
    expect(counts.unbound).toBe(1);
  });

  it('are left out when they are for nobody we look for, and the kernel is told', () => {
    const { streams, told, verdicts, counts } = lab();
    const page = 'GET / HTTP/1.1\r\nhost: example.com\r\n\r\n';
    streams.data(data(0, page));
    streams.bound(bound(1));
    expect(told()).toEqual([]);
    expect(verdicts).toEqual([[7, VERDICT_OTHER]]);
    expect(counts).toMatchObject({ other: 1, leftOut: page.length });
    expect(streams.heldBytes).toBe(0);
  });

  it('are judged by a head that comes in pieces', () => {
    const { streams, verdicts } = lab();
    for (const [i, letter] of [...POST].entries()) streams.data(data(i, letter, { offset: i }));
    expect(verdicts).toEqual([[7, VERDICT_AI]]);
  });

  it('of HTTP/2 wait for their first request, however long it takes', async () => {
    const { streams, verdicts, told } = lab();
    const sent = await firstBytes({ ':method': 'POST', ':path': '/v1/messages', ':authority': 'gateway:8443' }, '{}');
    const setUp = 24 + 9; // the preface and the head of SETTINGS
    streams.bound(bound(0));
    streams.data(data(1, sent.subarray(0, setUp), { isBound: true }));
    streams.elapse(at(600_000));
    expect(verdicts).toEqual([]);
    streams.data(data(600_001, sent.subarray(setUp), { offset: setUp, isBound: true }));
    expect(verdicts).toEqual([[7, VERDICT_AI]]);
    expect(told()).toHaveLength(3);
  });

  it('of HTTP/2 to somebody else are left out', async () => {
    const { streams, verdicts, told } = lab();
    const sent = await firstBytes({ ':method': 'GET', ':path': '/', ':authority': 'example.com' });
    streams.data(data(0, sent));
    streams.bound(bound(1));
    expect(verdicts).toEqual([[7, VERDICT_OTHER]]);
    expect(told()).toEqual([]);
  });

  it('to a provider are known by the handshake before the first byte', () => {
    const { streams, told, verdicts } = lab();
    streams.hello({ ...bound(0), type: 'hello', sock: 99, bytes: helloFor('api.openai.com') });
    streams.bound(bound(1));
    expect(verdicts).toEqual([[7, VERDICT_AI]]);
    expect(told()).toEqual([]);
    streams.data(data(2, '{"a":1}', { isBound: true }));
    expect(told()).toEqual(['open with remote', 'data sent {"a":1}']);
  });

  it('of HTTP/2 to a provider pass on from the first byte', () => {
    const { streams, told, verdicts } = lab();
    streams.bound(bound(0));
    streams.hello({ ...bound(1), type: 'hello', sock: 99, bytes: helloFor('api.openai.com') });
    streams.data(data(2, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { isBound: true }));
    expect(verdicts).toEqual([[7, VERDICT_AI]]);
    expect(told()).toHaveLength(2);
    expect(streams.unread(99)).toBeUndefined();
  });

  it('to a model say what the kernel did not hand over', () => {
    const { streams, counts } = lab();
    streams.bound(bound(0));
    streams.data(data(1, POST));
    streams.data(data(2, 'more', { offset: POST.length + 100 }));
    expect(counts.lost).toBe(100);
  });

  it('over the pipes of a child are those of its owner, and name the child', () => {
    const { streams, events } = lab();
    streams.data(data(0, '{"jsonrpc":"2.0","id":1}\n', { isStdio: true }));
    expect(events[0]).toMatchObject({
      event_type: 'capture.open',
      process: { pid: 40 },
      data: { protocol: 'stdio', child: { pid: 41 } },
    });
    expect(events[1]).toMatchObject({ data: { dir: 'sent', seq: 0, offset: 0 } });
  });

  it('end with their process', () => {
    const { streams, told } = lab();
    streams.data(data(0, POST));
    streams.bound(bound(1));
    streams.exit(41, data(0, '').start, at(5));
    expect(told().at(-1)).toBe('close exit');
    expect(streams.size).toBe(0);
  });

  it('say what was not copied', () => {
    const { streams, events } = lab();
    streams.bound(bound(0));
    streams.data(data(1, POST, { cut: 5 }));
    expect(events.at(-1)?.data).toMatchObject({ cut: 5 });
  });

  it('hold no more than they may, and say how many were let go', () => {
    const { streams, counts } = lab({ maxStreams: 3, maxHeld: 1000 });
    for (let i = 0; i < 10; i++) streams.data(data(i, POST, { conn: 100 + i }));
    expect(streams.size).toBe(3);
    expect(counts.evicted).toBe(7);
    for (let i = 0; i < 100; i++) streams.data(data(i, `P${'x'.repeat(0)}`, { conn: 500 }));
    for (let i = 0; i < 50; i++) streams.data(data(i, `POST ${'x'.repeat(100)}`, { conn: 600 + i }));
    expect(streams.heldBytes).toBeLessThanOrEqual(1000);
  });
});
