import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
/** The checkout. */
export const repo = resolve(here, '../..');
/** Where the recorder works: a folder with the same name everywhere, so that no path of the recording machine gets into the recording. */
export const root = '/tmp/oisp-demo';
const SYSCALLS =
  'execve,clone,clone3,fork,vfork,chdir,open,openat,read,pread64,readv,write,pwrite64,writev,sendfile,copy_file_range,rename,renameat,renameat2,unlink,unlinkat,connect,getsockopt';

/** Where a session runs. */
export interface Stage {
  readonly root: string;
  /** Where the agent works. */
  readonly project: string;
  readonly agent: string;
  /** What belongs to the test: taps, certificates, the truth file. Nothing under it is recorded. */
  readonly harness: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Lays out the folder and makes a fresh certificate for the names of the servers. */
export function prepare(at = root): Stage {
  const [project, app, harness] = [join(at, 'ledger'), join(at, 'harbor-agent'), join(at, '.harness')];
  if (existsSync(harness))
    throw new Error(`${at} is there already: another recording runs, or was broken off; remove it and start again`);
  mkdirSync(harness, { recursive: true });
  cpSync(join(here, 'project'), project, { recursive: true });
  cpSync(join(here, 'app'), app, { recursive: true });
  symlinkSync(join(repo, 'node_modules'), join(app, 'node_modules'));
  for (const file of ['tap.cjs', 'names.cjs']) cpSync(join(here, file), join(harness, file));
  const names = 'subjectAltName=DNS:api.openai.com,DNS:api.anthropic.com,DNS:localhost';
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
  return {
    ...{ root: at, project, harness, agent: join(app, 'harbor-agent.mjs') },
    ...{ cert: join(harness, 'cert.pem'), key: join(harness, 'key.pem'), ca: join(harness, 'ca.pem') },
  };
}

/** Starts a local model server. */
export async function serveModels(
  { cert, key }: Stage,
  script = join(here, 'server/server.mjs'),
): Promise<{ readonly port: string; stop(): void }> {
  const server = spawn(process.execPath, [script, cert, key], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const first = await new Promise<string>((found, failed) => {
    createInterface({ input: server.stdout }).once('line', found);
    server.once('exit', () => failed(new Error('the model server ended before it listened')));
  });
  const started: unknown = JSON.parse(first);
  const port = typeof started === 'object' && started !== null && 'port' in started ? String(started.port) : '';
  return { port, stop: () => void server.kill() };
}

/** The environment of the agent. `preload`: files of the harness that Node loads before it. */
export function agentEnv({ root: home, harness, ca }: Stage, port: string, ...preload: string[]): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    NODE_OPTIONS: preload.map((file) => `--require=${harness}/${file}`).join(' '),
    NODE_EXTRA_CA_CERTS: ca,
    OPENAI_API_KEY: 'sk-proj-DEMOKEYdemokeyDEMOKEYdemokeyDEMOKEYdemo0002',
    ANTHROPIC_API_KEY: 'sk-ant-api03-DEMOKEYdemokeyDEMOKEYdemokeyDEMOKEYdemo0003',
    OISP_DEMO_NAMES: 'api.openai.com,api.anthropic.com',
    OISP_DEMO_PORT: port,
    OISP_DEMO_TRUTH: join(harness, 'truth.json'),
    OISP_DEMO_FACTS: join(harness, 'facts.jsonl'),
    ...(process.env['OISP_DEMO_TURNS'] !== undefined && { OISP_DEMO_TURNS: process.env['OISP_DEMO_TURNS'] }),
  };
}

/** Runs the whole session once; strace writes its files `t.TID` into `traceDir`. */
export async function runSession(stage: Stage, traceDir: string): Promise<void> {
  const server = await serveModels(stage);
  try {
    const env = { ...agentEnv(stage, server.port, 'tap.cjs', 'names.cjs'), OISP_TAP_DIR: stage.harness };
    const args = [
      '-ff',
      '-y',
      '-s',
      '4096',
      '--absolute-timestamps=format:unix,precision:ns',
      '-e',
      `trace=${SYSCALLS}`,
    ];
    const agent = spawn('strace', [...args, '-o', join(traceDir, 't'), 'node', stage.agent], {
      cwd: stage.project,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const code = await new Promise((found, failed) => agent.once('exit', found).once('error', failed));
    if (code !== 0) throw new Error(`the agent ended with ${String(code)}`);
  } finally {
    server.stop();
  }
}
