import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { agentEnv, prepare, type Stage, serveModels } from '../agent/stage.ts';
import { type Ended, repo } from './program.ts';
import { type Span, spansOfOtlp } from './tree.ts';
import type { Truth } from './truth.ts';

/** A folder of its own with the demo agent, its project, the local model server and copies of what is to be probed. */
export interface Place {
  readonly stage: Stage;
  /** Of the model server. */
  readonly port: string;
  /** Copies a file into the folder: nobody else runs it, so that nobody else is probed. */
  copy(file: string): string;
}

/** `server`: another model server than that of the demo agent. */
export async function inPlace<T>(work: (place: Place) => Promise<T>, server?: string): Promise<T> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'oisp-live-')));
  try {
    const stage = prepare(root);
    const bin = join(root, 'bin');
    mkdirSync(bin);
    const copy = (file: string): string => {
      const made = join(bin, basename(file));
      copyFileSync(file, made);
      return made;
    };
    const models = await serveModels(stage, server);
    try {
      return await work({ stage, port: models.port, copy });
    } finally {
      models.stop();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs a command to its end under the built program. `words`: the collector's own command line; `probed`: files in the place. */
export function collect(
  { stage }: Place,
  words: readonly string[],
  probed: readonly string[],
  env: NodeJS.ProcessEnv,
  command: readonly string[],
): Promise<Ended> {
  const settings = ['known_files=false', `binary_path=[${probed.join(', ')}]`, `probe.include=[${stage.root}/**]`];
  const set = settings.flatMap((setting) => ['--set', `receivers.ebpf.${setting}`]);
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const args = [join(repo, 'dist/cli/main.js'), ...words, ...set, '--', 'env', '-i', ...pairs, ...command];
  return runIn(stage.project, process.execPath, args);
}

export interface Observed {
  readonly ended: Ended;
  readonly truth: Truth;
  /** Milliseconds since 1970. */
  readonly began: number;
}

/** Runs the demo agent once, as it is. `words`: the collector's own command line. */
export function observeAgent(...words: readonly string[]): Promise<Observed> {
  return inPlace(async (place) => {
    const { stage, port } = place;
    const node = place.copy(process.execPath);
    const began = Date.now();
    const ended = await collect(place, words, [node], envOf(place, agentEnv(stage, port, 'names.cjs')), [
      node,
      stage.agent,
    ]);
    return { ended, began, truth: truthOf(place) };
  });
}

/** The environment with the copies first in the path. */
export function envOf({ stage }: Place, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${join(stage.root, 'bin')}:${env['PATH'] ?? ''}` };
}

/** The agent's own account. */
export function truthOf({ stage }: Place): Truth {
  return JSON.parse(readFileSync(join(stage.harness, 'truth.json'), 'utf8')) as Truth;
}

/** Writes a config of `run` whose spans go into a file. */
export function configInto(path: string, spans: string, mode: string): string {
  const config = {
    receivers: { ebpf: { scope: 'tree', children: true } },
    processors: { decode: null, enrich: null, redact: { mode }, correlate: null },
    exporters: { jsonl: { path: spans, format: 'otlp_json', append: false } },
    service: {
      pipelines: {
        traces: { receivers: ['ebpf'], processors: ['decode', 'enrich', 'redact', 'correlate'], exporters: ['jsonl'] },
      },
    },
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

function runIn(cwd: string, file: string, args: readonly string[]): Promise<Ended> {
  return new Promise((done, failed) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    child.once('error', failed);
    child.once('close', (code) => done({ code: code ?? -1, stdout, stderr }));
  });
}

/** Spans of a file that the jsonl exporter wrote in OTLP/JSON. */
export function spansIn(file: string): Span[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => spansOfOtlp(JSON.parse(line)));
}
