import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type Batch,
  type ConfigOf,
  type ConfigProblem,
  type ConfigSchema,
  type Context,
  DETAILS_EVENT,
  DeliveryCounts,
  defineExporter,
  type EventChoice,
  EventRecords,
  type Exporter,
  isChosen,
  JsonEncoder,
  messageOf,
  type OispEvent,
  type PipelineKind,
  RetryableError,
  SEMCONV,
  sizeOf,
} from '../../core/index.ts';
import { lineOf } from './lines.ts';
import { type Sink, type SinkOptions, shareSink } from './sink.ts';

const schema = {
  type: 'object',
  required: ['path'],
  properties: {
    path: { type: 'string', format: 'path', minLength: 1, description: 'File to write.' },
    format: {
      type: 'string',
      enum: ['oisp', 'otlp_json'],
      default: 'oisp',
      description: '`oisp`: one event a line. `otlp_json`: one OTLP request a line, for each batch.',
    },
    events: {
      type: 'string',
      enum: ['none', 'late', 'effects', 'all'],
      description: 'Which events are written. Unset: all, but none in a traces pipeline with `otlp_json`.',
    },
    semconv: SEMCONV,
    append: { type: 'boolean', default: true, description: 'Keep what is in the file; `false` empties it at start.' },
    flush_interval: {
      type: 'string',
      format: 'duration',
      default: '1s',
      description: 'Longest time that lines wait in memory.',
    },
    create_directory: { type: 'boolean', default: true, description: 'Make the folder of `path` (mode 0700).' },
    rotation: {
      type: 'object',
      description: 'When the file is put aside as `name-TIME.ext` and a new one begins.',
      properties: {
        max_megabytes: { type: 'integer', minimum: 0, default: 0, description: 'Size of one file; 0: no limit.' },
        daily: { type: 'boolean', default: false, description: 'A new file every day.' },
        max_days: { type: 'integer', minimum: 0, default: 0, description: 'Days that old files stay; 0: for ever.' },
        max_backups: { type: 'integer', minimum: 0, default: 100, description: 'Old files that stay; 0: all.' },
        localtime: { type: 'boolean', default: false, description: 'Local time in names and for `daily`, not UTC.' },
      },
    },
  },
} as const satisfies ConfigSchema;

type Config = ConfigOf<typeof schema>;

function choiceOf(pipeline: PipelineKind, config: Config): EventChoice {
  return config.events ?? (config.format === 'otlp_json' && pipeline === 'traces' ? 'none' : 'all');
}

function check(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const stat = statSync(config.path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    problems.push({ path: ['path'], message: `${config.path} is a folder`, hint: 'name a file in it' });
  }
  const folder = dirname(resolve(config.path));
  if (!config.create_directory && statSync(folder, { throwIfNoEntry: false }) === undefined) {
    problems.push({ path: ['path'], message: `folder ${folder} is missing`, hint: 'set create_directory: true' });
  }
  if (config.flush_interval <= 0) {
    problems.push({ path: ['flush_interval'], message: 'must be greater than zero', hint: 'write 1s' });
  }
  return problems;
}

class JsonlExporter implements Exporter {
  readonly #context: Context;
  readonly #config: Config;
  readonly #choice: EventChoice;
  readonly #records: EventRecords;
  readonly #encoder: JsonEncoder;
  readonly #spans: DeliveryCounts;
  readonly #events: DeliveryCounts;
  #sink: Sink | undefined;
  #release: (() => Promise<void>) | undefined;
  #unwritable = 0;

  constructor(context: Context, config: Config) {
    this.#context = context;
    this.#config = config;
    this.#records = new EventRecords(config.semconv);
    this.#choice = choiceOf(context.pipeline ?? 'logs', config);
    const dropped = context.meter.counter('oisp_exporter_dropped_attributes', { exporter: context.id });
    this.#encoder = new JsonEncoder(context.build, (n) => dropped.add(n));
    this.#spans = new DeliveryCounts(context, 'spans');
    this.#events = new DeliveryCounts(context, 'log_records');
  }

  async start(): Promise<void> {
    const { path, append, create_directory, flush_interval, rotation } = this.#config;
    const options: SinkOptions = {
      path,
      append,
      createDirectory: create_directory,
      flushIntervalMs: flush_interval,
      now: () => this.#context.clock.now(),
      rotation: {
        maxBytes: rotation.max_megabytes * 1024 * 1024,
        maxDays: rotation.max_days,
        maxBackups: rotation.max_backups,
        localTime: rotation.localtime,
        daily: rotation.daily,
      },
    };
    const shared = await shareSink(this.#context, options);
    this.#sink = shared.sink;
    this.#release = shared.release;
  }

  async consume(batch: Batch): Promise<void> {
    const sink = this.#sink;
    const counts = batch.signal === 'spans' ? this.#spans : this.#events;
    if (sink === undefined) {
      counts.enqueueFailed.add(sizeOf(batch));
      throw new RetryableError('the exporter is shutting down', { code: 'EXPORT_SHUTDOWN' });
    }
    const text = batch.signal === 'spans' ? this.#spanLine(batch.spans) : this.#eventLines(batch.events);
    if (text.items === 0) return;
    try {
      await sink.add({
        bytes: text.bytes,
        receipts: batch.receipts,
        written: () => counts.sent.add(text.items),
        lost: () => counts.lost.add(text.items),
      });
    } catch (error) {
      counts.enqueueFailed.add(text.items);
      throw error;
    }
  }

  async shutdown(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    this.#sink = undefined;
    await release?.();
  }

  #spanLine(spans: Extract<Batch, { signal: 'spans' }>['spans']): Text {
    if (spans.length === 0) return NOTHING;
    return { bytes: Buffer.concat([this.#encoder.spans(spans), LF]), items: spans.length };
  }

  #eventLines(events: readonly OispEvent[]): Text {
    const chosen = this.#choice === 'all' ? events : events.filter((event) => isChosen(event, this.#choice));
    if (chosen.length === 0) return NOTHING;
    if (this.#config.format === 'otlp_json') {
      const records = chosen.map((event) => this.#records.record(event));
      return { bytes: Buffer.concat([this.#encoder.logs(records), LF]), items: records.length };
    }
    let text = '';
    let items = 0;
    for (const event of chosen) {
      if (event.event_type === DETAILS_EVENT) continue; // none of OISP: what it holds is in the ai.* events
      try {
        text += `${lineOf(event)}\n`;
        items++;
      } catch (error) {
        this.#drop(event, error);
      }
    }
    return items === 0 ? NOTHING : { bytes: Buffer.from(text), items };
  }

  #drop(event: OispEvent, error: unknown): void {
    this.#events.failed.add();
    this.#unwritable++;
    if (this.#unwritable > 1) return;
    this.#context.log.error('An event has no JSON form and is dropped.', {
      event_id: event.event_id,
      event_type: event.event_type,
      error: messageOf(error),
    });
  }
}

interface Text {
  readonly bytes: Buffer;
  readonly items: number;
}
const NOTHING: Text = { bytes: Buffer.alloc(0), items: 0 };
const LF = Buffer.from('\n');

export const jsonlExporter = defineExporter({
  type: 'jsonl',
  summary: 'Writes events or span trees to a file, one JSON object a line.',
  stability: 'beta',
  schema,
  check,
  takes: (pipeline, config) => {
    if (pipeline === 'metrics') return [];
    const events = choiceOf(pipeline, config) === 'none' ? [] : (['events'] as const);
    return config.format === 'otlp_json' && pipeline === 'traces' ? ['spans', ...events] : events;
  },
  create: (context, config) => new JsonlExporter(context, config),
});
