import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CollectingSink } from '../../core/testing/index.ts';
import { expectAll } from './expect.ts';
import { begin, type Client, carryOut, connectionsOf, Lab, observe, programs, sumOf, until } from './lab.ts';
import { skipsWithoutKernel } from './runtimes.ts';

describe.skipIf(skipsWithoutKernel())('plaintext of a TLS library', { timeout: 120_000 }, () => {
  let lab: Lab;
  let ports: readonly [number, number, number, number];

  beforeAll(async () => {
    lab = new Lab();
    const [a = 0, b = 0, c = 0, d = 0] = await lab.serve(4);
    ports = [a, b, c, d];
  });
  afterAll(() => lab?.close());

  const MIB = 1 << 20;
  const SIZES = [100, 161, 929, 1000, 4000, 4001, 10_000, 16_383, 16_384, 16_385, 100_000, MIB, 3 * MIB + 1, 8 * MIB];
  const CLIENTS: readonly Client[] = ['threads', 'asyncio', 'node'];

  it.each(CLIENTS)('is captured whole from one write of 100 B to 8 MiB (%s)', async (client) => {
    const sink = new CollectingSink();
    const seen = await observe(lab, { unknown_request: '16MiB' }, sink);
    const { notes } = await carryOut(lab, client, {
      connections: SIZES.map((size) => ({ port: ports[0], requests: [{ writes: [size], answer: size }] })),
    }).finally(seen.stop);
    expectAll(notes, connectionsOf(sink));
    expect(notes.map((note) => note.sentBytes)).toEqual(SIZES);
    for (const kind of ['drops', 'dropBytes', 'faultBytes', 'cutBytes', 'keptBytes', 'mapFull', 'noEntry'])
      expect([kind, seen.count(kind)]).toEqual([kind, 0]);
    expect(seen.count('sentBytes')).toBe(sumOf(notes));
  });

  it('passes in full with the default limits once a connection is known to be one to a model', async () => {
    const sink = new CollectingSink();
    const seen = await observe(lab, {}, sink);
    const go = lab.file('go');
    const requests = [
      { writes: [1000], until: go },
      { writes: [8 * MIB], answer: 8 * MIB },
    ];
    const client = begin(lab, 'threads', { connections: [{ port: ports[0], requests }] });
    try {
      await until('the connection is known', () => seen.count('ai', 'oisp_ebpf_connections') === 1);
      writeFileSync(go, '');
      await client.ended;
    } finally {
      await seen.stop();
    }
    expectAll(await client.notes, connectionsOf(sink));
  });

  it('is cut in the kernel beyond the limit of a request that nobody knows yet, by a number that is told', async () => {
    const sink = new CollectingSink();
    const seen = await observe(lab, { unknown_request: '1MiB' }, sink);
    const { notes } = await carryOut(lab, 'threads', {
      connections: [{ port: ports[0], requests: [{ writes: [3 * MIB] }] }],
    }).finally(seen.stop);
    const [one] = connectionsOf(sink);
    expect(one?.sent.length).toBe(MIB);
    expect(one?.cut).toBe(2 * MIB);
    expect(seen.count('keptBytes')).toBe(2 * MIB);
    expect(seen.count('sentBytes') + seen.count('keptBytes')).toBe(sumOf(notes));
  });

  it('of another request on the same connection stays in the kernel, the model call behind it does not', async () => {
    const [port = 0] = await lab.serve();
    const sink = new CollectingSink();
    const seen = await observe(lab, {}, sink);
    const ended = await lab.run(lab.node, [join(programs, 'keepalive.mjs'), String(port)]).finally(seen.stop);
    expect(ended).toMatchObject({ code: 0 });
    const connections = connectionsOf(sink);
    expect(connections.map((one) => [one.sent.toString().split(' ', 2).join(' '), one.remote])).toEqual([
      ['POST /v1/messages', port],
    ]);
    expect(connections[0]?.received.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(connections[0]?.isWhole).toBe(true);
  });

  it('is cut at max_call, and the rest counted', async () => {
    const sink = new CollectingSink();
    const seen = await observe(lab, { unknown_request: '16MiB', max_call: '100KiB' }, sink);
    const { notes } = await carryOut(lab, 'threads', {
      connections: [{ port: ports[0], requests: [{ writes: [MIB] }] }],
    }).finally(seen.stop);
    expect(connectionsOf(sink)[0]).toMatchObject({ cut: MIB - 102_400 });
    expect(seen.count('cutBytes')).toBe(MIB - 102_400);
    expect(seen.count('sentBytes') + seen.count('cutBytes')).toBe(sumOf(notes));
    const lost = sink.events.filter((event) => event.event_type === 'capture.lost').map((event) => event.data);
    expect(lost).toEqual([{ reason: 'cut', bytes: MIB - 102_400 }]);
  });

  it.each(CLIENTS)('of 2,000 connections to four servers is under the right one, every one (%s)', async (client) => {
    const sink = new CollectingSink();
    const seen = await observe(lab, {}, sink);
    const connections = Array.from({ length: 2000 }, (_, i) => {
      const port = ports[(i % 4) as 0 | 1 | 2 | 3];
      return { port, name: `${port}-${i}`, requests: [{ writes: [200], answer: 100 + (i % 50) }] };
    });
    const { notes } = await carryOut(lab, client, { atOnce: 16, connections }).finally(seen.stop);
    const captured = connectionsOf(sink);
    expect(captured).toHaveLength(2000);
    const wrong = captured.filter(({ sent, remote }) => !sent.includes(`?c=${remote}-`));
    expect(`${wrong.length} under another server`).toBe('0 under another server');
    expectAll(notes, captured);
    expect(seen.count('unbound', 'oisp_ebpf_connections')).toBe(0);
  });

  it.each(CLIENTS)(
    'of connections that were open before the capture is under the right server (%s)',
    async (client) => {
      const sink = new CollectingSink();
      const go = lab.file('go');
      const connections = Array.from({ length: 40 }, (_, i) => {
        const port = ports[(i % 4) as 0 | 1 | 2 | 3];
        return {
          port,
          name: `${port}-${i}`,
          requests: [
            { writes: [200], until: go },
            { writes: [300], answer: 5000 },
          ],
        };
      });
      const running = begin(lab, client, { atOnce: 40, connections });
      await until('all have their first answer', () => running.printed().split('waits').length === 41);
      const seen = await observe(lab, { children: false, pids: [running.pid] }, sink);
      writeFileSync(go, '');
      await running.ended.finally(seen.stop);
      await running.notes;
      const captured = connectionsOf(sink);
      expect(captured.map(({ sent }) => sent.length)).toEqual(Array(40).fill(300));
      const wrong = captured.filter(({ sent, remote }) => !sent.includes(`?c=${remote}-`));
      expect(`${wrong.length} under another server`).toBe('0 under another server');
    },
  );

  const BURSTS: readonly (readonly [string, number, { writes: number[]; answer: number; pieces: number }])[] = [
    ['1,000 writes of 1 KiB', 1, { writes: Array(1000).fill(1024), answer: 1024 * 1000, pieces: 1 }],
    ['200 writes of 16 KiB', 1, { writes: Array(200).fill(16_384), answer: 16_384 * 200, pieces: 1 }],
    ['50 streams at once', 50, { writes: [2000], answer: 200_000, pieces: 100 }],
  ];
  it.each(BURSTS.flatMap((burst) => CLIENTS.map((client) => [...burst, client] as const)))(
    'arrives in full in bursts: $0 ($3)',
    async (_, atOnce, request, client) => {
      const sink = new CollectingSink();
      const seen = await observe(lab, { unknown_request: '16MiB' }, sink);
      const { notes } = await carryOut(lab, client, {
        atOnce,
        connections: Array.from({ length: atOnce }, () => ({ port: ports[1], requests: [request] })),
      }).finally(seen.stop);
      expectAll(notes, connectionsOf(sink));
      expect(seen.count('sentBytes')).toBe(sumOf(notes));
      expect(seen.count('dropBytes') + seen.count('cutBytes') + seen.count('keptBytes')).toBe(0);
    },
  );
});
