import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const repo = join(import.meta.dirname, '../..');

/** The words that run the program from its source. */
export const PROGRAM: readonly string[] = [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  join(repo, 'cli/main.ts'),
];

/** The recording that ships with the program. */
export const RECORDING = join(repo, 'configs/demo/session.jsonl.gz');

/** A config that needs no capture. */
export const RECORDED = `yaml:${JSON.stringify({
  receivers: { jsonl: { path: RECORDING } },
  processors: { decode: null, enrich: null, redact: null, correlate: null },
  exporters: { debug: null },
  service: {
    pipelines: {
      traces: { receivers: ['jsonl'], processors: ['decode', 'enrich', 'redact', 'correlate'], exporters: ['debug'] },
    },
  },
})}`;

/** The program in a process of its own. */
export class Spawned {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  out = Buffer.alloc(0);
  err = '';
  #waiting: { isThere: () => boolean; done: () => void }[] = [];

  constructor(args: readonly string[], options: SpawnOptions = {}) {
    const [node = '', ...words] = PROGRAM;
    this.child = spawn(node, [...words, ...args], { cwd: repo, ...options });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.out = Buffer.concat([this.out, chunk]);
      this.#hear();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
      this.#hear();
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Resolves when standard output holds a text; fails when the program ends without it. */
  prints(text: string): Promise<void> {
    return this.#hears(text, () => this.out.includes(text));
  }

  /** The same for standard error. */
  says(text: string): Promise<void> {
    return this.#hears(text, () => this.err.includes(text));
  }

  async #hears(text: string, isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    const heard = new Promise<boolean>((resolve) => this.#waiting.push({ isThere, done: () => resolve(true) }));
    if (await Promise.race([heard, this.ended.then(() => false)])) return;
    throw new Error(`ended without "${text}":\n${this.out.toString()}\n${this.err}`);
  }

  #hear(): void {
    this.#waiting = this.#waiting.filter(({ isThere, done }) => {
      if (!isThere()) return true;
      done();
      return false;
    });
  }
}
