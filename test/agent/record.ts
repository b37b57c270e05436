/**
 * Makes the shipped recording anew: runs the demo agent under strace with the tap preloaded, against the local model server, and writes
 * configs/demo/session.jsonl.gz and configs/demo/session.truth.json. Usage: npx tsx test/agent/record.ts [OUTPUT_DIR]
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { eventId } from '../../core/event/ids.ts';
import { formatNanos } from '../../core/event/time.ts';
import { type Effects, effectsOf, type Proc, shortName } from './effects.ts';
import { readTrace } from './strace.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const repo = resolve(here, '../..');
const out = resolve(process.argv[2] ?? join(repo, 'configs/demo'));
/** One folder with the same name everywhere, so that no path of the recording machine gets into the recording. */
const root = '/tmp/oisp-demo';
const project = join(root, 'ledger');
const app = join(root, 'harbor-agent');
const harness = join(root, '.harness');
const HOST = {
  hostname: 'demo-host',
  device_id: '5d0e6a7c1f2b4c3d8e9fa0b1c2d3e4f5',
  os: 'linux',
  arch: 'x86_64',
  boot_id: '0b9d1c52-6a3e-4f7b-8c1d-2e5f6a7b8c9d',
} as const;
const SYSCALLS =
  'execve,clone,clone3,fork,vfork,chdir,open,openat,read,pread64,readv,write,pwrite64,writev,sendfile,copy_file_range,rename,renameat,renameat2,unlink,unlinkat,connect,getsockopt';

function prepare(): { readonly cert: string; readonly key: string; readonly ca: string } {
  if (existsSync(root))
    throw new Error(`${root} is there already: another recording runs, or was broken off; remove it and start again`);
  mkdirSync(harness, { recursive: true });
  cpSync(join(here, 'project'), project, { recursive: true });
  cpSync(join(here, 'app'), app, { recursive: true });
  symlinkSync(join(repo, 'node_modules'), join(app, 'node_modules'));
  for (const file of ['tap.cjs', 'names.cjs']) cpSync(join(here, file), join(harness, file));
  const names = 'subjectAltName=DNS:api.openai.com,DNS:api.anthropic.com';
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: harness, stdio: 'pipe' });
  const fresh = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  openssl('req', '-x509', ...fresh, '-days', '2', '-subj', '/CN=demo CA', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', ...fresh, '-subj', '/CN=demo', '-keyout', 'key.pem', '-out', 'req.pem');
  writeFileSync(join(harness, 'names.ext'), names);
  openssl(
    'x509',
    '-req',
    '-in',
    'req.pem',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-days',
    '2',
    '-extfile',
    'names.ext',
    '-out',
    'cert.pem',
  );
  return { cert: join(harness, 'cert.pem'), key: join(harness, 'key.pem'), ca: join(harness, 'ca.pem') };
}

async function runSession(traceDir: string): Promise<void> {
  const { cert, key, ca } = prepare();
  const server = spawn(process.execPath, [join(here, 'server/server.mjs'), cert, key], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const first = await new Promise<string>((found, failed) => {
      createInterface({ input: server.stdout }).once('line', found);
      server.once('exit', () => failed(new Error('the model server ended before it listened')));
    });
    const started: unknown = JSON.parse(first);
    const port = typeof started === 'object' && started !== null && 'port' in started ? String(started.port) : '';
    const env = {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: root,
      LANG: 'C.UTF-8',
      NODE_OPTIONS: `--require=${harness}/tap.cjs --require=${harness}/names.cjs`,
      NODE_EXTRA_CA_CERTS: ca,
      OPENAI_API_KEY: 'sk-proj-DEMOKEYdemokeyDEMOKEYdemokeyDEMOKEYdemo0002',
      ANTHROPIC_API_KEY: 'sk-ant-api03-DEMOKEYdemokeyDEMOKEYdemokeyDEMOKEYdemo0003',
      OISP_TAP_DIR: harness,
      OISP_DEMO_NAMES: 'api.openai.com,api.anthropic.com',
      OISP_DEMO_PORT: port,
      OISP_DEMO_TRUTH: join(harness, 'truth.json'),
      OISP_DEMO_FACTS: join(harness, 'facts.jsonl'),
      ...(process.env['OISP_DEMO_TURNS'] !== undefined && { OISP_DEMO_TURNS: process.env['OISP_DEMO_TURNS'] }),
    };
    const args = [
      '-ff',
      '-y',
      '-s',
      '4096',
      '--absolute-timestamps=format:unix,precision:ns',
      '-e',
      `trace=${SYSCALLS}`,
    ];
    const agent = spawn('strace', [...args, '-o', join(traceDir, 't'), 'node', join(app, 'harbor-agent.mjs')], {
      cwd: project,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const code = await new Promise((found, failed) => agent.once('exit', found).once('error', failed));
    if (code !== 0) throw new Error(`the agent ended with ${String(code)}`);
  } finally {
    server.kill();
  }
}

interface TapLine {
  readonly mono: string;
  readonly pid: number;
  readonly type: string;
  readonly data: { readonly child?: { readonly pid: number } };
}

function readTap(): TapLine[] {
  const lines: TapLine[] = [];
  for (const file of readdirSync(harness)) {
    if (!file.startsWith('tap-')) continue;
    // the tap of this folder is the only writer of these files
    for (const line of readFileSync(join(harness, file), 'utf8').split('\n'))
      if (line) lines.push(JSON.parse(line) as TapLine);
  }
  return lines;
}

/** All records in time order, as lines. `offset` is wall clock minus monotonic clock. */
function records(effects: Effects, tap: readonly TapLine[], offset: bigint): string[] {
  const made: { time: bigint; order: number; line: string }[] = [];
  const add = (time: bigint, proc: Proc, tid: number, method: string, type: string, data: object): void => {
    const ts = formatNanos(time);
    const record = {
      oisp_version: '0.1',
      event_id: eventId(ts, HOST.boot_id, proc.pid, type, made.length),
      event_type: type,
      ts,
      ts_mono: Number(time - offset),
      host: HOST,
      process: {
        pid: proc.pid,
        ...(proc.ppid !== undefined && { ppid: proc.ppid }),
        exe: proc.exe,
        name: shortName(proc.exe),
        start_time: formatNanos(proc.startTime),
        cwd: proc.cwd,
        thread_id: tid,
      },
      source: { collector: 'oisp-collector', capture_method: method, clock: 'monotonic' },
      confidence: { level: 'high', completeness: 'full' },
      data,
    };
    made.push({ time, order: made.length, line: JSON.stringify(record) });
  };
  for (const e of effects.effects) add(e.time, e.proc, e.tid, 'syscall_intercept', e.type, e.data);
  for (const { mono, pid, type, data } of tap) {
    const time = BigInt(mono) + offset;
    const proc = effects.at(pid, time);
    if (!proc) throw new Error(`the tap saw process ${pid}, the trace did not`);
    const child = data.child && effects.at(data.child.pid, time);
    const stdio = child && { child: { pid: child.pid, start_time: formatNanos(child.startTime) } };
    add(time, proc, pid, 'tls_boundary', type, { ...data, ...stdio });
  }
  made.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.order - b.order));
  return made.map((m) => m.line);
}

const traceDir = mkdtempSync(join(tmpdir(), 'oisp-trace-'));
try {
  // one offset for the whole recording: the wall clock is not stepped within it
  const offset =
    BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n - process.hrtime.bigint();
  await runSession(traceDir);
  const lines = records(effectsOf(readTrace(traceDir, 't'), { cwd: project, harness }), readTap(), offset);
  const text = `${lines.join('\n')}\n`;
  const leak = [repo, here, tmpdir() + '/oisp-trace-'].find((path) => text.includes(path));
  if (leak) throw new Error(`the recording holds a path of this machine: ${leak}`);
  mkdirSync(out, { recursive: true });
  const packed = gzipSync(text, { level: 9 });
  writeFileSync(join(out, 'session.jsonl.gz'), packed);
  writeFileSync(join(out, 'session.truth.json'), readFileSync(join(harness, 'truth.json')));
  console.log(`${lines.length} records, ${text.length} bytes, ${packed.length} packed -> ${out}`);
} finally {
  rmSync(traceDir, { recursive: true, force: true });
  rmSync(root, { recursive: true, force: true });
}
