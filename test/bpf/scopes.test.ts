import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CollectingSink } from '../../core/testing/index.ts';
import { TRACK_CHILDREN } from '../../receivers/ebpf/kernel/layout.gen.ts';
import { loadNative, MODE } from '../../receivers/ebpf/kernel/native.ts';
import { readRecords } from '../../receivers/ebpf/kernel/records.ts';
import { Sensor } from '../../receivers/ebpf/kernel/sensor.ts';
import { discover } from '../../receivers/ebpf/target/discover.ts';
import { bufferSource } from '../../receivers/ebpf/target/source.ts';
import { connectionsOf, Lab, observe, type Plan, programs, until } from './lab.ts';
import { skipsWithoutKernel } from './runtimes.ts';

describe.skipIf(skipsWithoutKernel())('whom and how the sensor observes', { timeout: 120_000 }, () => {
  let lab: Lab;
  let port: number;
  let claude: string;
  /** The first process of a pid namespace: what enters it is all that these tests may see. */
  let first: ChildProcess;
  let inside: number;
  let namespace: number;

  beforeAll(async () => {
    lab = new Lab();
    [port = 0] = await lab.serve();
    claude = join(lab.dir, 'bin/claude');
    copyFileSync(process.execPath, claude);
    first = spawn('unshare', ['--pid', '--fork', 'sleep', '300'], { stdio: 'ignore' });
    const children = `/proc/${first.pid}/task/${first.pid}/children`;
    await until('the namespace is there', () => /\d/.test(readFileSync(children, 'latin1')));
    inside = Number(readFileSync(children, 'latin1'));
    namespace = Number(/\d+/.exec(readlinkSync(`/proc/${inside}/ns/pid`))?.[0]);
    expect(`pid:[${namespace}]`).not.toBe(readlinkSync('/proc/self/ns/pid'));
  });
  afterAll(() => {
    if (inside > 1) process.kill(inside, 'SIGKILL');
    first.kill('SIGKILL');
    lab.close();
  });

  const planOf = (): string => {
    const path = lab.file('plan.json');
    const plan: Plan = { connections: [{ port, requests: [{ writes: [1000], answer: 500 }] }] };
    writeFileSync(path, JSON.stringify(plan));
    return path;
  };
  /** Runs a client in the namespace. */
  const enter = async (program: string): Promise<void> => {
    const client = [program, join(programs, 'client.mjs'), planOf(), lab.file('notes')];
    const ended = await lab.run('nsenter', ['-t', String(inside), '-p', '--', ...client]);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
  };

  it.each(['registry', 'machine'])(
    'scope %s: known applications, or everybody, and only of the namespace',
    async (scope) => {
      const sink = new CollectingSink();
      const seen = await observe(
        lab,
        { scope, children: false, pid_namespace: namespace, binary_path: [lab.node, claude] },
        sink,
      );
      await enter(claude);
      await enter(lab.node);
      // the same program outside
      await lab.run(lab.node, [join(programs, 'client.mjs'), planOf(), lab.file('notes')]);
      await seen.stop();
      const connections = connectionsOf(sink);
      expect(connections.map((one) => [one.remote, one.sent.length])).toEqual(
        Array.from({ length: scope === 'registry' ? 1 : 2 }, () => [port, 1000]),
      );
      const programsSeen = sink.events
        .filter((event) => event.event_type === 'process.exec')
        .map(({ process }) => process?.exe);
      expect(programsSeen).toEqual(scope === 'registry' ? [claude] : []);
    },
  );

  it('perf events take the place of uprobe_multi where the kernel does not know it', async () => {
    const native = loadNative();
    const old = {
      ...native,
      open: (mode: number, bytes: number): number => {
        if (mode === MODE.multi) throw Object.assign(new Error('load: Invalid argument'), { errno: -22 });
        return native.open(mode, bytes);
      },
    };
    const sensor = new Sensor(
      {
        ringBytes: 1 << 20,
        unknownBytes: 4096n,
        requestBytes: 65_536n,
        maxCallBytes: 65_536n,
        isMachine: false,
        seesAllExecs: false,
        pidNamespace: 0,
      },
      old,
    );
    try {
      expect(sensor.mode).toBe('perf');
      const found = discover(bufferSource(readFileSync(lab.libssl)));
      if (found.kind !== 'target') throw new Error('no target');
      const links = sensor.attach(lab.libssl, found.target.sites);
      sensor.track(process.pid, TRACK_CHILDREN);
      const client = [join(programs, 'client.py'), 'threads', planOf(), lab.file('notes'), lab.ca];
      expect(await lab.run(lab.python, client)).toMatchObject({ code: 0 });
      const buffer = Buffer.alloc(1 << 20);
      const sent: string[] = [];
      readRecords(
        buffer.subarray(0, native.drain(sensor.handle, buffer)),
        (record) => record.type === 'data' && record.isSent && sent.push(Buffer.from(record.bytes).toString('latin1')),
        () => expect.unreachable(),
      );
      expect(sent.join('')).toMatch(/^POST \/v1\/messages HTTP\/1\.1\r\n/);
      expect(sent.join('')).toHaveLength(1000);
      await sensor.detach(links);
    } finally {
      sensor.close();
    }
  });
});
