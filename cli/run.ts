import { createWriteStream } from 'node:fs';
import type { ExporterDefinition } from '../core/index.ts';
import { type Config, DebugExporter } from '../exporters/debug/exporter.ts';
import { streamSink } from '../exporters/debug/sink.ts';
import { callerOf } from './account.ts';
import { LAUNCH_FLAGS } from './capture-flags.ts';
import type { Arguments, Command } from './command.ts';
import { UsageError } from './io.ts';
import { capture } from './live.ts';
import { claimFile } from './output-file.ts';
import { withDebug } from './screen.ts';

/** `oisp-collector run -- COMMAND`: what one command does, as trees. */
export const run: Command = {
  name: 'run',
  summary: 'Starts an agent and shows the span trees of what it does.',
  about: `The pipeline is configs/run.yaml. COMMAND starts when capture is ready, with this terminal, and as you also under sudo.
On a terminal the trees are printed when it has ended. The exit code is that of COMMAND: 128+n after signal n, 127 when it is
not found, 126 when it cannot be executed. SIGINT and SIGQUIT are left to it, SIGTERM and SIGHUP are passed on, a second
SIGTERM ends the collector.`,
  usage: '[-o FILE] [--otlp URL] -- COMMAND [ARG]...',
  flags: {
    output: { type: 'string', short: 'o', value: 'FILE', help: 'Writes the trees to a file.' },
    otlp: {
      type: 'string',
      value: 'URL',
      check: (value) => (isHttp(value) ? undefined : 'write http://HOST:PORT'),
      help: 'Sends the spans there, such as http://localhost:4318; trees are printed only to --output then.',
    },
    ...LAUNCH_FLAGS,
  },
  positionals: [0, 0],
  launches: 'must',
  run: async (args, io) => {
    const named = args.string('output');
    const overlay = overlayOf(args);
    const file = named === undefined ? undefined : claimFile(named, io.cwd, callerOf(io));
    const { code, service } = await capture(
      {
        args,
        config: 'run.yaml',
        ...(overlay === undefined ? {} : { overlay }),
        draw: (registry, screen) => {
          let sink = file === undefined ? screen : undefined;
          const create: ExporterDefinition['create'] = (context, config) => {
            sink ??= streamSink(createWriteStream(file ?? ''));
            // the config was decoded by this exporter's own schema
            return new DebugExporter(context, config as Config, sink, io.env);
          };
          return withDebug(registry, { create });
        },
      },
      io,
    );
    if (service.summary.sentSpans === 0 && service.summary.lost === 0) {
      io.err('nothing that an agent does was seen\n');
    }
    return code;
  },
};

/** Spans to a backend in place of the terminal. */
function overlayOf(args: Arguments): object | undefined {
  const endpoint = args.string('otlp');
  if (endpoint === undefined) return undefined;
  if (args.strings('config').length > 0) {
    throw new UsageError('--otlp changes the config that ships; name "otlp_http" in yours');
  }
  const exporters = args.string('output') === undefined ? ['otlp_http'] : ['otlp_http', 'debug'];
  return {
    // a backend for traces need not take log records
    exporters: { otlp_http: { endpoint, events: 'none' } },
    service: { pipelines: { traces: { exporters } } },
  };
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
