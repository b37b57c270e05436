/** What the scripts that measure share: their arguments, the measuring tools beside the repository, runs of the built collector over captures. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Arguments of all of them, for `parseArgs`. */
export const SHARED_OPTIONS = {
  /** Where the measuring tools are. */
  tools: { type: 'string', default: join(root, '../shared/tools') },
  /** Only rows whose name contains this. */
  only: { type: 'string' },
  /** A work folder that stays. */
  out: { type: 'string' },
} as const;

/** Captures that are made and read at one time. */
const AT_ONCE = 2;

export interface Done {
  readonly ok: boolean;
  /** What it printed. */
  readonly text: string;
}

export interface CollectOptions {
  /** In `configs/`. */
  readonly config?: string;
  readonly mode?: 'full' | 'safe';
}

/** The tools and a work folder. */
export class Bench {
  readonly tools: string;
  readonly work: string;
  readonly #isKept: boolean;

  private constructor(tools: string, out: string | undefined) {
    this.tools = tools;
    this.work = out ?? mkdtempSync(join(tmpdir(), 'oisp-measured-'));
    this.#isKept = out !== undefined;
    mkdirSync(this.work, { recursive: true });
  }

  /** Ends the process, with 0, where the tools are not. */
  static open(values: { readonly tools: string; readonly out?: string | undefined }): Bench {
    const tools = resolve(values.tools);
    if (existsSync(tools)) return new Bench(tools, values.out);
    console.log(`no measuring tools at ${tools}: nothing measured (--tools DIR names another place)`);
    return process.exit(0);
  }

  /** Where the files of something measured begin. */
  at(name: string): string {
    return join(this.work, name.replaceAll(/\W+/g, '-'));
  }

  /** Runs a measuring tool. */
  tool(name: string, ...args: readonly string[]): Promise<Done> {
    return run([join(this.tools, name), ...args], {});
  }

  /** Runs the collector over a capture; its outputs are `to`.events.jsonl, .spans.jsonl and .logs.jsonl. */
  collect(capture: string, to: string, { config = 'score.yaml', mode = 'full' }: CollectOptions = {}): Promise<Done> {
    return run([join(root, 'dist/cli/main.js'), '--config', join(root, 'configs', config)], {
      OISP_IN: capture,
      OISP_EVENTS: `${to}.events.jsonl`,
      OISP_SPANS: `${to}.spans.jsonl`,
      OISP_LOGS: `${to}.logs.jsonl`,
      OISP_MODE: mode,
    });
  }

  /** Lets go of large files, unless the work folder was asked for. */
  drop(at: string, ...endings: readonly string[]): void {
    if (!this.#isKept) for (const ending of endings) rmSync(`${at}.${ending}`, { force: true });
  }

  close(): void {
    if (this.#isKept) console.log(`outputs in ${this.work}`);
    else rmSync(this.work, { recursive: true, force: true });
  }
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Done> {
  return new Promise((done) => {
    const options = { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 } as const;
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      done({ ok: error === null, text: `${stdout}${stderr}` }),
    );
  });
}

/** What has to work for anything to be measured. */
export async function must(step: Promise<Done>): Promise<void> {
  const { ok, text } = await step;
  if (!ok) throw new Error(text.slice(-2000));
}

/** A result file; the tools write it whether or not bars were missed. */
export function readResult<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** Does something for each item, two at a time; the answers are in the items' order. */
export async function each<T, R>(items: readonly T[], measure: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  const left = [...items.entries()].reverse();
  const worker = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) answers[next[0]] = await measure(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return answers;
}

/** Share as text; 1 only when nothing is missing. */
export function share(ok: number, all: number): string {
  return all === 0 ? '-' : rounded(ok / all);
}

/** Four decimals, never rounded up. */
export function rounded(x: number): string {
  return x === 1 ? '1' : x === 0 ? '0' : (Math.floor(x * 10_000) / 10_000).toFixed(4);
}

/** A table of Markdown. */
export function tableOf(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
