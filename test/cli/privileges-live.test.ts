import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Account, lookUpAccount } from '../../cli/account.ts';
import { Lab, programs } from '../bpf/lab.ts';
import { skipsWithoutKernel } from '../bpf/runtimes.ts';
import { skipsWhere, skipsWithout } from '../require.ts';
import { PROGRAM, Spawned } from './spawned.ts';

const nobody: Account = lookUpAccount('nobody') ?? { uid: 65534, gid: 65534 };
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0;
/** After the drop threads of the program are read as the other user. */
const mayRead = (): boolean => {
  const { uid, gid } = nobody;
  return spawnSync('test', ['-r', PROGRAM.at(-1) ?? ''], { uid, gid }).status === 0;
};

describe.skipIf(
  skipsWithoutKernel() ||
    skipsWithout('setpriv', hasSetpriv, 'install util-linux') ||
    skipsWhere(!mayRead(), 'the clone lies where other users may not read it'),
)('a collector that gave up root', { timeout: 120_000 }, () => {
  let lab: Lab;
  let out: string;
  let port = 0;
  const running = new Set<Spawned>();

  beforeAll(async () => {
    lab = new Lab();
    chmodSync(lab.dir, 0o755);
    [port = 0] = await lab.serve(1);
    copyFileSync(join(programs, 'client.mjs'), join(lab.dir, 'client.mjs'));
    writeFileSync(join(lab.dir, 'later.mjs'), LATER);
    const plan = { connections: [{ port, requests: [{ writes: [1000], answer: 2000 }] }] };
    writeFileSync(join(lab.dir, 'plan.json'), JSON.stringify(plan));
  });
  afterEach(() => {
    for (const one of running) one.child.kill('SIGKILL');
    running.clear();
    if (out !== undefined) writeFileSync(join(out, 'go'), ''); // what waits for it ends
  });
  afterAll(() => lab?.close());

  /** `record --raw` of a command, as under sudo of nobody. Only copies of this folder may be probed. */
  function record(script: string, env: NodeJS.ProcessEnv = SUDO, flags: readonly string[] = []): Spawned {
    out = lab.file('out');
    mkdirSync(out);
    chownSync(out, nobody.uid, nobody.gid);
    const sets = ['receivers.ebpf.known_files=false', `receivers.ebpf.probe.include=[${lab.dir}/**]`];
    const words = [...sets, 'service.telemetry.logs.level=debug'].flatMap((set) => ['--set', set]);
    const command = ['sh', '-c', script.replaceAll('OUT', out).replaceAll('LAB', lab.dir)];
    const raw = ['record', '--raw', '--verbose', '-o', join(out, 'raw.jsonl')];
    const program = new Spawned([...raw, ...words, ...flags, '--', ...command], { env: { ...process.env, ...env } });
    running.add(program);
    return program;
  }

  test('is who called, with five capabilities, and probes what is used for the first time afterwards', async () => {
    const program = record(
      'grep -E "^(Uid|CapEff|NoNewPrivs)" /proc/self/status >&2; while [ ! -e OUT/dropped ]; do sleep 0.02; done;' +
        `NODE_EXTRA_CA_CERTS=LAB/cert.pem exec LAB/bin/node LAB/later.mjs OUT/go LAB/plan.json OUT/notes.json`,
    );
    await program.says('Root was given up.');
    expect(fieldsOf(program.child.pid)).toMatchObject({
      Uid: Array(4).fill(String(nobody.uid)).join(' '),
      Gid: Array(4).fill(String(nobody.gid)).join(' '),
      Groups: String(nobody.gid),
      CapPrm: '000000c000080024',
      CapEff: '000000c000080024',
      NoNewPrivs: '1',
    });
    writeFileSync(join(out, 'dropped'), '');
    await program.says('Probes attached.');
    writeFileSync(join(out, 'go'), '');
    expect(await program.ended, program.err).toBe(0);
    expect(program.err).toContain(`"path":"${lab.node}"`);
    const records = readFileSync(join(out, 'raw.jsonl'), 'utf8').trim().split('\n');
    expect(records.filter((line) => line.includes('"capture.data"')).length, program.err).toBeGreaterThan(1);
    // the command has what it has without the collector: it may use sudo
    expect(program.err).toMatch(new RegExp(`^Uid:\\s+${nobody.uid}\\s`, 'm'));
    expect(program.err).toMatch(/^CapEff:\s+0{16}$/m);
    expect(program.err).toMatch(/^NoNewPrivs:\s+0$/m);
  });

  test('passes signals on to a command of another user', async () => {
    const program = record(`trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done`, SUDO);
    await program.says('Root was given up.');
    await program.prints('up');
    program.child.kill('SIGTERM');
    expect(await program.ended, program.err).toBe(5);
  });

  test('signals a command of a third user', async () => {
    const program = record(`trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done`, SUDO, ['--user', 'daemon']);
    await program.says('Root was given up.');
    await program.prints('up');
    program.child.kill('SIGTERM');
    expect(await program.ended, program.err).toBe(5);
  });

  test('reads its config again and captures on, into files that belong to who called', async () => {
    out = lab.file('out');
    mkdirSync(out);
    chownSync(out, nobody.uid, nobody.gid);
    const config = join(lab.dir, 'collector.yaml');
    const target = lab.start('sh', ['-c', `while [ ! -e ${out}/go ]; do sleep 0.05; done; cat ${config}`]);
    writeFileSync(config, SERVICE(target.child.pid, join(out, 'made', 'events.jsonl')));
    const program = new Spawned(['--config', config], { env: { ...process.env, ...SUDO } });
    running.add(program);
    await program.says('Root was given up.');
    program.child.kill('SIGHUP');
    await program.says('Config updated, restart service.');
    await expect.poll(() => program.err.split('Capture has begun.').length, { timeout: 30_000 }).toBe(3);
    expect(fieldsOf(program.child.pid)).toMatchObject({ CapEff: '000000c000080004', NoNewPrivs: '1' });
    writeFileSync(join(out, 'go'), '');
    await target.ended;
    const events = join(out, 'made', 'events.jsonl');
    await expect.poll(() => readFileSync(events, 'utf8'), { timeout: 20_000 }).toContain('process.exec');
    program.child.kill('SIGTERM');
    expect(await program.ended, program.err).toBe(0);
    for (const path of [join(out, 'made'), events]) expect(statSync(path).uid).toBe(nobody.uid);
  });

  test('stays root where OISP_RUN_AS says so, and where a file would be out of reach', async () => {
    const told = record('true', { ...SUDO, OISP_RUN_AS: 'root' });
    await told.says('The collector stays root.');
    expect(await told.ended, told.err).toBe(0);
    expect(told.err).not.toContain('given up');
    const closed = join(lab.file('closed'));
    mkdirSync(closed, { mode: 0o700 });
    const set = ['--set', `exporters.jsonl.path=${closed}/a.jsonl`];
    const program = record('true', SUDO, set);
    expect(await program.ended, program.err).toBe(0);
    expect(program.err).toContain(`nobody may not write ${closed}/a.jsonl, which is used again after the start`);
  });
});

/** A process that runs already, into a file. */
const SERVICE = (pid: number | undefined, path: string): string => `
receivers: { ebpf: { scope: tree, pids: [${pid}], known_files: false, probe: { include: [/nowhere] } } }
processors: { decode: , redact: }
exporters: { jsonl: { path: ${path}, flush_interval: 100ms } }
service: { pipelines: { logs: { receivers: [ebpf], processors: [decode, redact], exporters: [jsonl] } } }
`;

const SUDO = { SUDO_UID: String(nobody.uid), SUDO_GID: String(nobody.gid), SUDO_USER: 'nobody' };

/** Waits for a file, then is the client. */
const LATER = `
import { existsSync } from 'node:fs';
const [go] = process.argv.splice(2, 1);
while (!existsSync(go)) await new Promise((done) => setTimeout(done, 20));
await import('./client.mjs');
`;

/** The lines of /proc/PID/status, blanks made one. */
function fieldsOf(pid: number | undefined): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(':').map((part) => part.trim().replace(/\s+/g, ' '))));
}
