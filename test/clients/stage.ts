import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OispEvent } from '../../core/index.ts';
import { pythonOf } from '../bpf/runtimes.ts';
import { bunPath } from '../bun.ts';
import { type Ended, repo } from '../e2e/program.ts';
import type { Served, Told } from './compare.ts';
import { installed } from './install.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const HOSTS = ['localhost', 'api.openai.com', 'api.anthropic.com', 'generativelanguage.googleapis.com'];

/** One client program under one runtime. */
interface Cell {
  readonly runtime: string;
  readonly program: string;
  readonly args: readonly string[];
}

const NODE = `Node ${process.versions.node.split('.')[0]}`;
const PYTHON = 'Python';
const SCRIPTS = ['openai.mjs', 'anthropic.mjs', 'genai.mjs', 'ai.mjs'];
const CELLS: readonly Cell[] = [
  ...[NODE, 'Node 24', 'Node 26', 'Bun'].flatMap((runtime) =>
    SCRIPTS.map((program) => ({ runtime, program, args: [runtime] })),
  ),
  ...['sync', 'async', 'http2'].map((kind) => ({ runtime: PYTHON, program: 'openai_chat.py', args: [kind] })),
  ...['openai_responses.py', 'anthropic_messages.py', 'genai.py'].map((program) => ({
    runtime: PYTHON,
    program,
    args: [],
  })),
  ...['openai', 'anthropic'].map((name) => ({ runtime: PYTHON, program: 'litellm_chat.py', args: [name] })),
];

/** What one run of all clients gave. */
export interface Observed {
  readonly ended: Ended;
  /** What the clients say of their calls, in order; `complaints`: of clients that did not end well. */
  readonly told: readonly Told[];
  readonly complaints: readonly string[];
  /** What the server says of its answers. */
  readonly served: readonly Served[];
  /** What the collector wrote. */
  readonly events: readonly OispEvent[];
}

/** One program of each kind that speaks otherwise than the others: HTTP/1.1 and HTTP/2, OpenSSL in Node and in the system's library, BoringSSL. */
const FEW: readonly Cell[] = CELLS.filter(
  ({ runtime, program, args }) =>
    (program === 'openai.mjs' && runtime !== 'Node 24') || (program === 'openai_chat.py' && args[0] === 'http2'),
);

/** Runs every client, or a few of them, against a server of this machine, under the built collector. */
export async function observeClients(which: 'all' | 'few' = 'all'): Promise<Observed> {
  const cells = which === 'all' ? CELLS : FEW;
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'oisp-clients-')));
  try {
    const stage = layOut(root);
    const server = await serve(stage.cert, stage.key);
    try {
      const commands = cells.map((cell, i) => stage.command(cell, server.port, join(root, `cell-${i}`)));
      const ended = await collect(root, stage.probed, stage.script(commands));
      const files = cells.map((_, i) => join(root, `cell-${i}`));
      const complaints = cells.flatMap(({ runtime, program }, i) => {
        const said = readFileSync(`${files[i]}.err`, 'utf8').trim();
        return said === '' ? [] : [`${runtime} ${program}: ${said}`];
      });
      const told = files.flatMap((file) => linesOf<Told>(file));
      return { ended, told, complaints, served: server.served(), events: linesOf<OispEvent>(join(root, 'events')) };
    } finally {
      server.stop();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function linesOf<T>(file: string): T[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T); // written by programs of this folder
}

/** Lays out certificates, programs and copies of the runtimes: who runs the originals is not probed. */
function layOut(root: string) {
  const [bin, cert, key] = [join(root, 'bin'), join(root, 'cert.pem'), join(root, 'key.pem')];
  mkdirSync(bin);
  const names = `subjectAltName=${HOSTS.map((name) => `DNS:${name}`).join(',')}`;
  const args = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2'];
  const more = ['-subj', '/CN=clients', '-addext', names, '-keyout', key, '-out', cert];
  execFileSync('openssl', [...args, ...more], { stdio: 'pipe' });
  const copy = (file: string, name: string): string => {
    copyFileSync(file, join(bin, name));
    return join(bin, name);
  };
  const { libraries } = pythonOf();
  const copies = libraries.map((file) => copy(file, basename(file)));
  const of = (version: string): string => join(installed.npm22, `node_modules/node-${version}/bin/node`);
  const runtimes: Record<string, string> = {
    [NODE]: copy(process.execPath, 'node'),
    'Node 24': copy(of('24'), 'node-24'),
    'Node 26': copy(of('26'), 'node-26'),
    Bun: copy(bunPath, 'bun'),
  };
  for (const [name, modules] of [
    ['npm20', installed.npm20],
    ['npm22', installed.npm22],
  ] as const) {
    cpSync(join(here, 'programs'), join(root, name), { recursive: true });
    symlinkSync(join(modules, 'node_modules'), join(root, name, 'node_modules'));
  }
  writeFileSync(join(root, 'hosts'), HOSTS.map((name) => `127.0.0.1 ${name}\n`).join(''));
  const probed = [...Object.values(runtimes), ...copies.filter((file) => basename(file).startsWith('libssl'))];

  const command = ({ runtime, program, args: own }: Cell, port: string, into: string): string => {
    const words =
      runtime === PYTHON
        ? ['env', `LD_LIBRARY_PATH=${bin}`, join(installed.python, 'bin/python'), join(root, 'npm20', program)]
        : [runtimes[runtime] ?? '', join(root, runtime === NODE ? 'npm20' : 'npm22', program)];
    const all = [...words, ...own.map((word) => `'${word}'`), port].join(' ');
    return `${all} >${into} 2>${into}.err || echo "ended with $?" >>${into}.err`;
  };
  /** In a mount namespace of its own, where the names of the providers are this machine; two at a time. */
  const script = (commands: readonly string[]): readonly string[] => {
    const lanes = [0, 1].map((lane) => commands.filter((_, i) => i % 2 === lane).join('\n'));
    const text = `mount --bind ${root}/hosts /etc/hosts || exit\n${lanes.map((lane) => `(\n${lane}\n) &\n`).join('')}wait\n`;
    writeFileSync(join(root, 'all.sh'), text);
    const env = [
      ...['PATH=/usr/local/bin:/usr/bin:/bin', `HOME=${root}`, 'LANG=C.UTF-8', 'LITELLM_LOCAL_MODEL_COST_MAP=True'],
      ...[`NODE_EXTRA_CA_CERTS=${cert}`, `SSL_CERT_FILE=${cert}`, 'AI_SDK_LOG_WARNINGS=false'],
    ];
    return ['env', '-i', ...env, 'unshare', '--mount', '--propagation', 'private', 'sh', join(root, 'all.sh')];
  };
  return { cert, key, probed, command, script };
}

/** Starts the server, by a Node that nobody observes and that has all codings. */
async function serve(cert: string, key: string) {
  const node = join(installed.npm22, 'node_modules/node-26/bin/node');
  const child = spawn(node, [join(here, 'server/server.mjs'), cert, key], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const port = await new Promise<string>((found, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (lines.push(line) === 1) found(String((JSON.parse(line) as { port: number }).port));
    });
    child.once('exit', () => failed(new Error('the server ended before it listened')));
  });
  const served = (): Served[] => lines.slice(1).map((line) => JSON.parse(line) as Served);
  return { port, served, stop: () => void child.kill() };
}

/** Runs a command to its end under the built collector, which writes the events of `decode` into a file. */
function collect(root: string, probed: readonly string[], command: readonly string[]): Promise<Ended> {
  const config = {
    receivers: {
      ebpf: {
        ...{ scope: 'tree', children: true, known_files: false },
        ...{ binary_path: probed, probe: { include: [`${root}/**`] } },
      },
    },
    processors: { decode: null, redact: { mode: 'full' } },
    exporters: { jsonl: { path: join(root, 'events'), events: 'all', append: false } },
    service: {
      pipelines: { logs: { receivers: ['ebpf'], processors: ['decode', 'redact'], exporters: ['jsonl'] } },
    },
  };
  writeFileSync(join(root, 'collector.yaml'), JSON.stringify(config));
  const args = [join(repo, 'dist/cli/main.js'), 'run', '--config', join(root, 'collector.yaml'), '--', ...command];
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    child.once('error', failed);
    child.once('close', (code) => done({ code: code ?? -1, stdout, stderr }));
  });
}
