import { lineOf } from '../exporters/jsonl/lines.ts';
import { CAPTURE_FLAGS } from './capture-flags.ts';
import type { Command } from './command.ts';
import { capture } from './live.ts';
import { mayColour, Page, withDrawing } from './screen.ts';
import { traceLine } from './trace-line.ts';

/** `oisp-collector trace`: events as they happen, one line each. */
export const trace: Command = {
  name: 'trace',
  summary: 'Shows what agents do as it happens, one line an event, until it is stopped or COMMAND has ended.',
  about: `The pipeline is configs/trace.yaml. Without --comm, --pid and COMMAND: known AI applications. A COMMAND on the same terminal
has it for itself: the lines are printed when it has ended.`,
  usage: '[--json] [-- COMMAND [ARG]...]',
  flags: {
    json: { type: 'boolean', help: 'Prints whole OISP events as JSON, without content and secrets.' },
    ...CAPTURE_FLAGS,
  },
  positionals: [0, 0],
  launches: 'may',
  run: async (args, io) => {
    const isJson = args.is('json');
    const { code } = await capture(
      {
        args,
        config: 'trace.yaml',
        mustDraw: true,
        hint: 'Watching. Ctrl-C ends it.',
        draw: (registry, screen, closed) => {
          const page = new Page(screen, closed);
          const isColoured = mayColour(screen, io.env);
          return withDrawing(registry, {
            add: (events) => {
              const lines = events.map((event) =>
                isJson ? lineOf(event) : traceLine(event, isColoured, screen.columns),
              );
              return page.print(lines.map((line) => `${line}\n`).join(''));
            },
          });
        },
      },
      io,
    );
    return code;
  },
};
