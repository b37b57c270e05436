import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
/** The checkout. */
export const repo = resolve(here, '../..');
/** One folder with the same name everywhere, so that no path of the recording machine gets into the recording. */
export const root = '/tmp/oisp-demo';
/** Where the agent works. */
export const project = join(root, 'ledger');
const app = join(root, 'harbor-agent');
/** What belongs to the recorder: taps, certificates, the truth file. Nothing under it is recorded. */
export const harness = join(root, '.harness');
const SYSCALLS =
  'execve,clone,clone3,fork,vfork,chdir,open,openat,read,pread64,readv,write,pwrite64,writev,sendfile,copy_file_range,rename,renameat,renameat2,unlink,unlinkat,connect,getsockopt';

export interface Stage {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Lays out the folder and makes a fresh certificate for the two server names. */
export function prepare(): Stage {
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

/** Runs the whole session once; strace writes its files `t.TID` into `traceDir`. */
export async function runSession({ cert, key, ca }: Stage, traceDir: string): Promise<void> {
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
