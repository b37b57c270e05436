import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Consumer, systemClock } from '../../core/index.ts';
import { CollectingSink, configFor, makeContext, makeHost } from '../../core/testing/index.ts';
import { ebpfReceiver } from '../../receivers/ebpf/index.ts';
import { pythonOf } from './runtimes.ts';

export const programs = fileURLToPath(new URL('programs/', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed so far. */
  printed(): string;
  readonly ended: Promise<Ended>;
}

/**
 * A folder with copies of the runtimes and TLS libraries of this machine: whoever runs them can be probed, and nobody else who runs the
 * originals is.
 */
export class Lab {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'oisp-lab-')));
  readonly node = join(this.dir, 'bin/node');
  readonly lib = join(this.dir, 'lib');
  readonly python: string;
  readonly libssl: string;
  readonly cert = join(this.dir, 'cert.pem');
  readonly key = join(this.dir, 'key.pem');
  readonly ca = this.cert;
  readonly #children = new Set<ChildProcess>();
  #files = 0;

  constructor() {
    for (const name of ['bin', 'lib']) mkdirSync(join(this.dir, name));
    copyFileSync(process.execPath, this.node);
    const { python, libraries } = pythonOf();
    this.python = python;
    for (const path of libraries) copyFileSync(path, join(this.lib, basename(path)));
    this.libssl = join(this.lib, basename(libraries.find((path) => basename(path).startsWith('libssl')) ?? ''));
    const names = 'subjectAltName=DNS:localhost,DNS:api.openai.com,DNS:api.anthropic.com,IP:127.0.0.1';
    const args = ['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2'];
    const more = ['-subj', '/CN=lab', '-addext', names, '-keyout', this.key, '-out', this.cert];
    execFileSync('openssl', [...args, ...more], { stdio: 'pipe' });
  }

  get env(): NodeJS.ProcessEnv {
    return {
      PATH: `${join(this.dir, 'bin')}:/usr/local/bin:/usr/bin:/bin`,
      HOME: this.dir,
      LANG: 'C.UTF-8',
      LD_LIBRARY_PATH: this.lib,
      NODE_EXTRA_CA_CERTS: this.ca,
      SSL_CERT_FILE: this.ca,
    };
  }

  /** A new path in the folder. */
  file(name: string): string {
    return join(this.dir, `${++this.#files}-${name}`);
  }

  /** Starts a program of this folder's runtimes. What it prints goes into files, so that no pipe of it is read as one of an MCP server. */
  start(file: string, args: readonly string[], env: NodeJS.ProcessEnv = this.env): Running {
    const paths = [this.file('out'), this.file('err')] as const;
    const [out, err] = paths.map((path) => openSync(path, 'w')) as [number, number];
    const child = spawn(file, args, { cwd: this.dir, env, stdio: ['ignore', out, err] });
    for (const fd of [out, err]) closeSync(fd);
    this.#children.add(child);
    const ended = new Promise<Ended>((done, failed) => {
      child.once('error', failed);
      child.once('exit', (code, signal) => {
        this.#children.delete(child);
        const [stdout, stderr] = paths.map((path) => readFileSync(path, 'latin1')) as [string, string];
        done({ code, signal, stdout, stderr });
      });
    });
    return { child, ended, pid: child.pid ?? 0, printed: () => readFileSync(paths[0], 'latin1') };
  }

  async run(file: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
    return await this.start(file, args, env).ended;
  }

  /** TLS servers on `count` ports; to be started before the receiver, which would observe them too. */
  async serve(count = 1): Promise<number[]> {
    const script = join(programs, 'server.mjs');
    const child = spawn(process.execPath, [script, this.cert, this.key, String(count)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.add(child);
    const first = await new Promise<string>((found, failed) => {
      createInterface({ input: child.stdout }).once('line', found);
      child.once('exit', () => failed(new Error('the server ended before it listened')));
    });
    return JSON.parse(first) as number[]; // what programs/server.mjs prints
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A connection as it was captured. */
export interface Captured {
  readonly conn: string;
  readonly pid: number;
  readonly local: number | undefined;
  readonly remote: number | undefined;
  readonly sent: Buffer;
  readonly received: Buffer;
  /** Bytes that the records say were cut off. */
  readonly cut: number;
  /** Whether the offsets of all records follow one another. */
  readonly isWhole: boolean;
  readonly closes: number;
}

/** Captures what the test process starts from now on, by way of this folder's runtimes. */
export async function observe(lab: Lab, config: object = {}, sink: Consumer = new CollectingSink()) {
  const { context, meter, lines } = makeContext({ id: 'ebpf', clock: systemClock });
  const host = makeHost();
  const settings = configFor(ebpfReceiver.schema, {
    scope: 'tree',
    children: true,
    known_files: false,
    binary_path: [lab.node, lab.libssl],
    probe: { include: [`${lab.dir}/**`] },
    ...config,
  });
  const receiver = ebpfReceiver.create(context, settings, sink);
  const stop = (): Promise<void> => receiver.shutdown(AbortSignal.timeout(60_000));
  try {
    await receiver.start(host);
  } catch (error) {
    await stop();
    throw error;
  }
  /** A number of the sensor by its kind. */
  const count = (kind: string, name = 'oisp_ebpf_sensor'): number =>
    meter.samples().find((sample) => sample.name === name && sample.labels['kind'] === kind)?.value ?? Number.NaN;
  return { stop, count, lines, fatals: host.fatals, meter };
}

/** The connections in what a receiver handed on. */
export function connectionsOf(sink: CollectingSink): Captured[] {
  const found = new Map<
    string,
    { -readonly [K in keyof Captured]: Captured[K] } & { parts: Record<string, Buffer[]> }
  >();
  for (const event of sink.events) {
    // made by this receiver: docs of the capture records say what they hold
    const data = event.data as Record<string, unknown> & { conn: string; remote?: { port: number } };
    if (event.event_type === 'capture.open' && data['protocol'] === 'tls')
      found.set(data.conn, {
        conn: data.conn,
        pid: event.process?.pid ?? 0,
        local: (data['local'] as { port: number } | undefined)?.port,
        remote: data.remote?.port,
        sent: Buffer.alloc(0),
        received: Buffer.alloc(0),
        cut: 0,
        isWhole: true,
        closes: 0,
        parts: { sent: [], received: [] },
      });
    const one = found.get(data.conn);
    if (one === undefined) continue;
    if (event.event_type === 'capture.close') one.closes++;
    if (event.event_type !== 'capture.data') continue;
    const { dir, offset, bytes, cut } = data as unknown as {
      dir: string;
      offset: number;
      bytes: Uint8Array;
      cut?: number;
    };
    const parts = one.parts[dir] ?? [];
    one.parts[dir] = parts;
    if (offset !== parts.reduce((n, part) => n + part.length, 0)) one.isWhole = false;
    parts.push(Buffer.from(bytes));
    one.cut += cut ?? 0;
  }
  return [...found.values()].map(({ parts, ...one }) => ({
    ...one,
    sent: Buffer.concat(parts['sent'] ?? []),
    received: Buffer.concat(parts['received'] ?? []),
  }));
}

/** One request of a plan for programs/client.py and client.mjs. */
export interface Request {
  readonly writes: readonly number[];
  readonly answer?: number;
  readonly pieces?: number;
  /** What comes next waits until this file is there. */
  readonly until?: string;
}

export interface Plan {
  readonly atOnce?: number;
  /** Nothing is done until this file is there (client.py). */
  readonly until?: string;
  readonly connections: readonly {
    readonly port: number;
    readonly name?: string;
    readonly requests: readonly Request[];
  }[];
}

/** What a client says of one connection: hashes and numbers of the bytes as it sent and received them. */
export interface Note {
  readonly name: string;
  readonly local: number;
  readonly remote: number;
  readonly sent: string;
  readonly received: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export type Client = 'threads' | 'asyncio' | 'node';

/** Has a client carry out a plan. `notes` rejects when it does not end well. */
export function begin(lab: Lab, client: Client, plan: Plan): Running & { readonly notes: Promise<Note[]> } {
  const file = lab.file('plan.json');
  const into = lab.file('notes.json');
  writeFileSync(file, JSON.stringify(plan));
  const running =
    client === 'node'
      ? lab.start(lab.node, [join(programs, 'client.mjs'), file, into])
      : lab.start(lab.python, [join(programs, 'client.py'), client, file, into, lab.ca]);
  const notes = running.ended.then(({ code, signal, stderr }) => {
    if (code !== 0) throw new Error(`the client ended with ${code ?? signal}: ${stderr}`);
    return JSON.parse(readFileSync(into, 'utf8')) as Note[];
  });
  return { ...running, notes };
}

/** Has a client carry out a plan, and waits for its end. */
export async function carryOut(lab: Lab, client: Client, plan: Plan): Promise<{ notes: Note[]; ended: Ended }> {
  const running = begin(lab, client, plan);
  const notes = await running.notes;
  return { notes, ended: await running.ended };
}

/** Waits until something is so; the error says what never was. */
export async function until(what: string, isSo: () => boolean, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await systemClock.sleep(5);
  }
}

export function sumOf(notes: readonly Note[]): number {
  return notes.reduce((n, note) => n + note.sentBytes + note.receivedBytes, 0);
}
