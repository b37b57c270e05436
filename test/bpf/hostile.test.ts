import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../core/index.ts';
import { CollectingSink } from '../../core/testing/index.ts';
import { expectAll } from './expect.ts';
import { begin, carryOut, connectionsOf, Lab, type Note, observe, programs, sumOf, until } from './lab.ts';
import { skipsWithoutKernel } from './runtimes.ts';

const dataOf = (sink: CollectingSink, type: string): Record<string, unknown>[] =>
  sink.events.filter((event) => event.event_type === type).map((event) => event.data as Record<string, unknown>);

describe.skipIf(skipsWithoutKernel())('what is observed', { timeout: 120_000 }, () => {
  let lab: Lab;
  let ports: readonly number[];
  let port: number;

  beforeAll(async () => {
    lab = new Lab();
    ports = await lab.serve(2);
    port = ports[0] ?? 0;
  });
  afterAll(() => lab?.close());

  it.each([
    ['read', /^(?:0|45) /],
    ['write', /^(?:1|44) /],
  ])('may be killed inside SSL_%s: its connection ends, the next is captured', async (mode, call) => {
    const script = join(programs, 'stuck.py');
    const killed = async (): Promise<object> => {
      const client = lab.start(lab.python, [script, mode, String(port), lab.ca]);
      await until('the client is stuck', () => client.printed().includes('stuck'));
      await until('it waits in the call', () => call.test(readFileSync(`/proc/${client.pid}/syscall`, 'latin1')));
      client.child.kill('SIGKILL');
      return await client.ended;
    };
    const unobserved = await killed();
    const sink = new CollectingSink();
    const seen = await observe(lab, {}, sink);
    const { notes } = await (async () => {
      expect(await killed()).toEqual(unobserved);
      return await carryOut(lab, 'threads', { connections: [{ port, requests: [{ writes: [1000] }] }] });
    })().finally(seen.stop);
    const [first, ...rest] = connectionsOf(sink);
    expect(first?.sent.includes('markmark')).toBe(true);
    expect(dataOf(sink, 'capture.close')).toContainEqual({ conn: first?.conn, reason: 'exit' });
    expect(dataOf(sink, 'process.exit')[0]).toMatchObject({ exit_code: 137, signal_name: 'SIGKILL' });
    expectAll(notes, rest);
    expect(seen.count('noEntry')).toBe(0);
    expect(seen.fatals).toEqual([]);
  });

  it('may have its library replaced: who runs the old file goes on, who runs the new one is probed too', async () => {
    const [old, young] = [lab.file('go'), lab.file('go')];
    const sink = new CollectingSink();
    const seen = await observe(lab, {}, sink);
    const attached = (): number =>
      seen.lines.filter(({ msg, path }) => msg === 'Probes attached.' && String(path).startsWith(lab.lib)).length;
    try {
      expect(attached()).toBe(1);
      const one = [{ writes: [500], until: old }, { writes: [600] }];
      const before = begin(lab, 'threads', { connections: [{ port, requests: one }] });
      await until('the first client has its answer', () => before.printed().includes('waits'));
      const copy = `${lab.libssl}.new`;
      copyFileSync(lab.libssl, copy);
      renameSync(copy, lab.libssl);
      const after = begin(lab, 'threads', { until: young, connections: [{ port, requests: [{ writes: [700] }] }] });
      await until('the new file is probed', () => attached() === 2);
      writeFileSync(young, '');
      await after.ended;
      writeFileSync(old, '');
      const notes = [...(await before.notes), ...(await after.notes)];
      await seen.stop();
      expectAll(notes, connectionsOf(sink));
    } finally {
      await seen.stop();
    }
  });

  it.each(['new', 'clear'])(
    'may use one address for 1,000 connections (%s): no byte is in another one',
    async (mode) => {
      const args = [join(programs, 'reuse.py'), mode, '1000', ...ports.map(String)];
      const unobserved = await lab.run(lab.python, args);
      expect(unobserved.stdout).toContain('True');
      const sink = new CollectingSink();
      const seen = await observe(lab, {}, sink);
      const observed = await lab.run(lab.python, args).finally(seen.stop);
      expect(observed).toEqual(unobserved);
      const captured = connectionsOf(sink);
      expect(captured).toHaveLength(1000);
      captured.forEach(({ sent, received, remote, isWhole }, i) => {
        const name = `${ports[i % ports.length]}-${i}`;
        const text = sent.toString('latin1');
        expect(text.startsWith(`POST /v1/messages?c=${name} `)).toBe(true);
        expect(text.split('\r\n\r\n')[1]).toBe(`${name};`.repeat(20));
        expect(received.toString('latin1').match(/HTTP\/1\.1 200/g)).toHaveLength(1);
        expect([remote, isWhole]).toEqual([ports[i % ports.length], true]);
      });
    },
  );

  it('may fork 5,000 times: every process begins and ends once, with its exit code', async () => {
    const args = ['-c', 'for ((i = 0; i < 5000; i++)); do (exit $((i % 256))); done; echo over'];
    const unobserved = await lab.run('bash', args);
    const sink = new CollectingSink();
    const seen = await observe(lab, {}, sink);
    const observed = await lab.run('bash', args).finally(seen.stop);
    expect(observed).toEqual(unobserved);
    const children = dataOf(sink, 'process.fork').map((data) => data['child_pid']);
    const exits = sink.events.filter((event) => event.event_type === 'process.exit');
    expect([children.length, exits.length]).toEqual([5000, 5001]);
    const codes = exits.slice(0, 5000).map((event) => (event.data as { exit_code: number }).exit_code);
    expect(codes).toEqual(Array.from({ length: 5000 }, (_, i) => i % 256));
    expect(exits.slice(0, 5000).map((event) => event.process?.pid)).toEqual(children);
    const left = seen.meter.samples().find(({ name }) => name === 'oisp_ebpf_tracked_processes');
    expect([left?.value, seen.count('drops'), seen.count('mapFull')]).toEqual([0, 0, 0]);
  });

  it.each(['64KiB', '1MiB'])(
    'is not held up by a consumer that takes nothing; what finds no room in a ring of %s is counted',
    async (ring) => {
      const requests = [
        { writes: Array(100).fill(16_384) as number[], answer: 500_000 },
        { writes: Array(300).fill(1000) as number[], answer: 500_000, pieces: 50 },
      ];
      const plan = { atOnce: 4, connections: Array.from({ length: 8 }, () => ({ port, requests })) };
      const unobserved = await carryOut(lab, 'threads', plan);
      const sink = new StallingSink();
      const seen = await observe(lab, { ring_size: ring, max_ahead: '64KiB', unknown_request: '16MiB' }, sink);
      sink.stall();
      const { notes, ended } = await carryOut(lab, 'threads', plan).finally(() => {
        sink.release();
        return seen.stop();
      });
      expect(ended).toEqual(unobserved.ended);
      const told = (all: readonly Note[]): string[][] => all.map(({ sent, received }) => [sent, received]);
      expect(told(notes)).toEqual(told(unobserved.notes));
      const delivered = sink.events
        .filter((event) => event.event_type === 'capture.data')
        .reduce((n, event) => n + (event.data as { bytes: Uint8Array }).bytes.length, 0);
      const [drops, dropBytes, kept] = ['drops', 'dropBytes', 'keptBytes'].map((kind) => seen.count(kind)) as [
        number,
        number,
        number,
      ];
      expect(drops).toBeGreaterThan(0);
      expect(seen.count('faultBytes') + seen.count('cutBytes')).toBe(0);
      const leftOut = seen.count('leftOut', 'oisp_ebpf_connections');
      expect(delivered + leftOut).toBe(seen.count('sentBytes'));
      expect(delivered + leftOut + dropBytes + kept).toBe(sumOf(notes));
      const lost = dataOf(sink, 'capture.lost') as { reason: string; records?: number; bytes?: number }[];
      expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(['ring_full']));
      const sum = (key: 'records' | 'bytes'): number => lost.reduce((n, one) => n + (one[key] ?? 0), 0);
      expect([sum('records'), sum('bytes')]).toEqual([drops, dropBytes]);
    },
  );
});

/** Takes everything, or nothing until it is released. */
class StallingSink extends CollectingSink {
  #gate: Promise<void> | undefined;
  release: () => void = () => {};

  stall(): void {
    this.#gate = new Promise((open) => {
      this.release = open;
    });
  }

  override async consume(batch: Batch): Promise<void> {
    await this.#gate;
    await super.consume(batch);
  }
}
