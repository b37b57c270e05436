import { type Clock, systemClock } from '../core/index.ts';
import { CAPTURE_FLAGS, refuseCapture } from './capture-flags.ts';
import type { Arguments, Command } from './command.ts';
import { Inventory } from './inventory-rows.ts';
import { inventoryJson, inventoryTable } from './inventory-table.ts';
import { type Io, UsageError } from './io.ts';
import { capture } from './live.ts';
import { recordingOf } from './replay.ts';
import { type Drawing, Page, withDrawing } from './screen.ts';

const REDRAW_MS = 2000;
/** To the first column of the first line, and nothing below it. */
const CLEAR = '\x1b[H\x1b[J';

/** `oisp-collector inventory`: who uses which provider. */
export const inventory: Command = {
  name: 'inventory',
  summary: 'Shows which AI applications, providers and accounts are active.',
  about: `The pipeline is configs/inventory.yaml. The table is printed when it is stopped, or COMMAND or FILE has ended. Without --comm, --pid
and COMMAND: known AI applications. Of a key only its beginning is known.`,
  usage: '[--watch] [--json] [--from FILE | -- COMMAND [ARG]...]',
  flags: {
    watch: { type: 'boolean', help: 'Draws the table every 2 seconds on the terminal.' },
    json: { type: 'boolean', help: 'Prints one JSON object for each line of the table.' },
    from: { type: 'string', value: 'FILE', help: 'Reads a recording in place of live capture.' },
    ...CAPTURE_FLAGS,
  },
  positionals: [0, 0],
  launches: 'may',
  run: async (args, io) => {
    const isWatched = args.is('watch');
    if (isWatched && args.is('json')) throw new UsageError('--watch draws a table; leave --json off');
    const overlay = overlayOf(args, io);
    const { code } = await capture(
      {
        args,
        config: 'inventory.yaml',
        ...(overlay === undefined ? {} : { overlay }),
        ...(overlay === undefined && !isWatched ? { hint: 'Watching. Ctrl-C prints the table.' } : {}),
        mustDraw: true,
        draw: (registry, screen, closed) => {
          const page = new Page(screen, closed);
          const drawing = new InventoryDrawing(page, {
            isJson: args.is('json'),
            // a command has the terminal for itself
            isWatched: isWatched && screen.isTerminal && args.command.length === 0,
            clock: systemClock,
          });
          return withDrawing(registry, drawing);
        },
      },
      io,
    );
    return code;
  },
};

/** A recording in place of the receiver. */
function overlayOf(args: Arguments, io: Io): object | undefined {
  const from = args.string('from');
  if (from === undefined) return undefined;
  refuseCapture(args, 'is for live capture, and --from reads a recording');
  if (args.strings('config').length > 0) throw new UsageError('--from and --config exclude one another');
  return {
    receivers: { jsonl: { path: recordingOf(from, io.cwd, 'inventory --from') } },
    service: { pipelines: { logs: { receivers: ['jsonl'] } } },
  };
}

interface DrawingOptions {
  readonly isJson: boolean;
  readonly isWatched: boolean;
  readonly clock: Clock;
}

/** The table at the end, and every 2 seconds before where it is watched. */
export class InventoryDrawing implements Drawing {
  readonly #inventory = new Inventory();
  readonly #page: Page;
  readonly #options: DrawingOptions;
  #cancel: (() => void) | undefined;
  #isDone = false;

  constructor(page: Page, options: DrawingOptions) {
    this.#page = page;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#options.isWatched) await this.#redraw();
  }

  async add(events: Parameters<Drawing['add']>[0]): Promise<void> {
    for (const event of events) this.#inventory.add(event);
  }

  async shutdown(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#cancel?.();
    await this.#page.print(this.#text());
  }

  async #redraw(): Promise<void> {
    if (this.#isDone) return;
    await this.#page.print(this.#text());
    this.#cancel = this.#options.clock.after(REDRAW_MS, () => void this.#redraw()); // `print` never throws
  }

  #text(): string {
    if (this.#options.isJson) return inventoryJson(this.#inventory);
    const table = inventoryTable(this.#inventory, this.#page.sink.columns);
    return this.#options.isWatched ? CLEAR + table : table;
  }
}
