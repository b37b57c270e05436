/**
 * What live capture costs: the collector's CPU per event beside a plain copy of the ring, CPU and throughput of observed programs, system calls of
 * programs that are not observed, and the time to attach and detach. Pairs with and without capture, in turns. Needs root and the addon; observes
 * only copies of runtimes in a folder of its own.
 *
 *   npx tsx bench/ebpf.ts [PAIRS]
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from '../core/index.ts';
import { TRACK_CHILDREN } from '../receivers/ebpf/kernel/layout.gen.ts';
import { loadNative } from '../receivers/ebpf/kernel/native.ts';
import { Sensor } from '../receivers/ebpf/kernel/sensor.ts';
import { Scanner } from '../receivers/ebpf/target/scan.ts';
import { Lab, observe, type Plan, programs } from '../test/bpf/lab.ts';
import { skipsWithoutKernel } from '../test/bpf/runtimes.ts';
import { bunPath, fetchBun } from '../test/bun.ts';

const pairs = Number(process.argv[2] ?? 5);
if (skipsWithoutKernel()) process.exit(0);
const lab = new Lab();
process.on('exit', () => lab.close());

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Runs a program to its end; its time and that of all below it. */
async function timed(args: readonly string[]): Promise<Cost> {
  const { code, stderr } = await lab.run('bash', ['-c', 'TIMEFORMAT="%3R %3U %3S"; time "$@"', '--', ...args]);
  const [real = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (code !== 0) throw new Error(stderr);
  return { wallMs: real * 1000, cpuMs: (user + system) * 1000 };
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

let events = 0;
const sink: Consumer = {
  consume: async (batch) => {
    events += batch.signal === 'events' ? batch.events.length : 0;
  },
};

/** The same work without and with capture, in turns. */
async function pairsOf(
  work: () => Promise<Cost>,
  config: object = {},
): Promise<{ readonly wall: number; readonly cpu: number; readonly addedMs: number; readonly dropped: number }> {
  const off: Cost[] = [];
  const on: Cost[] = [];
  let dropped = 0;
  for (let i = 0; i < pairs; i++) {
    off.push(await work());
    const capture = await observe(lab, config, sink);
    on.push(await work());
    await sleep(150);
    await capture.stop();
    dropped += capture.count('drops');
  }
  const ratio = (key: keyof Cost): number => median(on.map((one, i) => one[key] / (off[i]?.[key] ?? 1)));
  const added = median(on.map((one, i) => one.cpuMs - (off[i]?.cpuMs ?? 0)));
  return { wall: ratio('wallMs'), cpu: ratio('cpuMs'), addedMs: added, dropped };
}

function plan(name: string, port: number, count: number, request: { writes: number[]; answer?: number }): string {
  const path = lab.file(`${name}.json`);
  const body: Plan = { connections: [{ port, requests: Array.from({ length: count }, () => request) }] };
  writeFileSync(path, JSON.stringify(body));
  return path;
}

const [port = 0] = await lab.serve();
const small = plan('small', port, 2000, { writes: [1024] });
const large = plan('large', port, 60, { writes: [16_384], answer: 1 << 20 });
const clients: [string, (plan: string) => string[]][] = [
  ['Node', (file) => [lab.node, join(programs, 'client.mjs'), file, lab.file('notes')]],
  ['Python', (file) => [lab.python, join(programs, 'client.py'), 'threads', file, lab.file('notes'), lab.ca]],
];
if (!fetchBun()) console.log('skipped, Bun is not measured: it comes from the registry of npm');
else {
  copyFileSync(bunPath, join(lab.dir, 'bin/bun'));
  const path = join(lab.dir, 'bin/bun');
  clients.push(['Bun', (file) => [path, join(programs, 'client.mjs'), file, lab.file('notes')]]);
}

console.log('observed programs       wall on/off   CPU on/off   added CPU per request   records dropped');
for (const [name, args] of clients)
  for (const [size, file, count] of [
    ['1 KB', small, 2000],
    ['1 MB', large, 60],
  ] as const) {
    const config = name === 'Bun' ? { binary_path: [join(lab.dir, 'bin/bun')] } : {};
    const cost = await pairsOf(() => timed(args(file)), config);
    const each = `${((cost.addedMs * 1000) / count).toFixed(0)} µs`;
    console.log(
      `${`${name}, ${size}`.padEnd(24)}${cost.wall.toFixed(2).padEnd(14)}${cost.cpu.toFixed(2).padEnd(13)}${each.padEnd(24)}${cost.dropped}`,
    );
  }

// the collector's own CPU: everything up to the pipeline, and only the copy out of the ring
const burst = plan('burst', port, 20_000, { writes: [1024] });
const burstArgs = clients[1]?.[1](burst) ?? [];
const whole: number[] = [];
const copy: number[] = [];
const native = loadNative();
for (let i = 0; i < Math.min(pairs, 3); i++) {
  const capture = await observe(lab, {}, sink);
  let before = cpu();
  await timed(burstArgs);
  await sleep(150);
  whole.push(((cpu() - before) * 1e6) / capture.count('records'));
  await capture.stop();

  const sensor = new Sensor({
    ringBytes: 32 << 20,
    unknownBytes: 1n << 40n,
    requestBytes: 1n << 40n,
    maxCallBytes: 16n << 20n,
    isMachine: false,
    seesAllExecs: false,
    pidNamespace: 0,
  });
  const scanner = new Scanner();
  const found = await scanner.scan(lab.libssl);
  if (found.kind === 'target') sensor.attach(lab.libssl, found.target.sites);
  sensor.track(process.pid, TRACK_CHILDREN);
  sensor.seeSyscalls();
  const buffer = new Uint8Array(4 << 20);
  const timer = setInterval(() => native.drain(sensor.handle, buffer), 5);
  before = cpu();
  await timed(burstArgs);
  await sleep(150);
  copy.push(((cpu() - before) * 1e6) / sensor.counts().records);
  clearInterval(timer);
  await scanner.close();
  sensor.close();
}
console.log(
  `\ncollector CPU per record: ${median(whole).toFixed(0)} ns, copy out of the ring alone ${median(copy).toFixed(0)} ns (${(median(whole) / median(copy)).toFixed(1)}x)`,
);

// a program that is not observed while another one is
const idle = lab.start('sleep', ['600']);
const calls = 2_000_000;
const dd = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', `count=${calls / 2}`, 'status=none'];
const other = await pairsOf(() => timed(dd), { children: false, pids: [idle.child.pid] });
idle.child.kill();
console.log(
  `system calls of others: ${other.cpu.toFixed(2)}x CPU, ${((other.addedMs * 1e6) / calls).toFixed(0)} ns a call more`,
);

const scanner = new Scanner();
const started = performance.now();
const sensor = new Sensor({
  ringBytes: 32 << 20,
  unknownBytes: 0n,
  requestBytes: 0n,
  maxCallBytes: 0n,
  isMachine: false,
  seesAllExecs: false,
  pidNamespace: 0,
});
const loaded = performance.now() - started;
const found = await scanner.scan(lab.node);
const attach: number[] = [];
const detach: number[] = [];
if (found.kind === 'target')
  for (let i = 0; i < pairs; i++) {
    let at = performance.now();
    const links = sensor.attach(lab.node, found.target.sites);
    attach.push(performance.now() - at);
    at = performance.now();
    await sensor.detach(links);
    detach.push(performance.now() - at);
  }
await scanner.close();
sensor.close();
console.log(
  `load ${loaded.toFixed(0)} ms, attach to node ${median(attach).toFixed(1)} ms, detach ${median(detach).toFixed(1)} ms (${sensor.mode})`,
);
console.log(`kernel ${execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()}, ${events} events`);
process.exit(0);
