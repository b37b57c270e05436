import { defineExporter } from '../../core/index.ts';
import { DebugExporter } from './exporter.ts';
import { schema } from './schema.ts';
import { streamSink } from './sink.ts';

/** Prints the span tree of each agent turn on the terminal; in logs pipelines one line per event. */
export const debugExporter = defineExporter({
  type: 'debug',
  summary: 'Prints the span tree of each agent turn on the terminal.',
  stability: 'alpha',
  schema,
  takes: (pipeline) => {
    if (pipeline === 'traces') return ['spans'];
    return pipeline === 'logs' ? ['events'] : [];
  },
  create: (context, config) => new DebugExporter(context, config, streamSink(process.stdout), process.env),
});
