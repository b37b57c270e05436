import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type Batch,
  type Context,
  DeliveryCounts,
  defineExporter,
  type EventChoice,
  EventRecords,
  type Exporter,
  type Host,
  type Items,
  isChosen,
  JsonEncoder,
  type OtlpEncoder,
  type Payload,
  PermanentError,
  ProtobufEncoder,
  type PushResult,
  type Queued,
  queued,
} from '../../core/index.ts';
import { resultOf } from './answer.ts';
import { addressOf, type Config, check, choiceOf, isLoopback, schema } from './config.ts';
import { Transport } from './transport.ts';

const compress = promisify(gzip);

class OtlpHttpExporter implements Exporter {
  readonly #context: Context;
  readonly #config: Config;
  readonly #choice: EventChoice;
  readonly #encoder: OtlpEncoder;
  readonly #records: EventRecords;
  readonly #transport: Transport;
  /** Compressed bodies by payload: what is tried again is not compressed again. */
  readonly #bodies = new WeakMap<Payload, Buffer>();
  readonly #spans: Queued | undefined;
  readonly #logs: Queued | undefined;

  constructor(context: Context, config: Config) {
    this.#context = context;
    this.#config = config;
    this.#records = new EventRecords(config.semconv);
    const isTraces = context.pipeline !== 'logs';
    this.#choice = isTraces ? choiceOf(config) : 'all';
    const dropped = context.meter.counter('oisp_exporter_dropped_attributes', { exporter: context.id });
    const Encoder = config.encoding === 'json' ? JsonEncoder : ProtobufEncoder;
    this.#encoder = new Encoder(context.build, (attributes) => dropped.add(attributes));
    this.#transport = new Transport({
      tls: config.tls,
      maxIdle: config.max_idle_conns,
      idleTimeoutMs: config.idle_conn_timeout,
      headers: headersOf(context, config),
    });
    this.#spans = isTraces ? this.#lane('spans', addressOf(config, 'traces')) : undefined;
    this.#logs = this.#choice === 'none' ? undefined : this.#lane('log_records', addressOf(config, 'logs'));
  }

  async start(host: Host): Promise<void> {
    await this.#transport.open();
    await this.#spans?.start(host);
    await this.#logs?.start(host);
  }

  async consume(batch: Batch): Promise<void> {
    if (batch.signal === 'spans') {
      if (batch.spans.length === 0) return;
      const bytes = this.#encode('spans', batch.spans.length, () => this.#encoder.spans(batch.spans));
      return this.#spans?.enqueue(this.#payloads(bytes, batch.spans.length), batch.receipts);
    }
    const chosen = this.#choice === 'all' ? batch.events : batch.events.filter((e) => isChosen(e, this.#choice));
    if (chosen.length === 0) return;
    const bytes = this.#encode('log_records', chosen.length, () =>
      this.#encoder.logs(chosen.map((event) => this.#records.record(event))),
    );
    return this.#logs?.enqueue(this.#payloads(bytes, chosen.length), batch.receipts);
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    await Promise.all([this.#spans?.shutdown(deadline), this.#logs?.shutdown(deadline)]);
    this.#transport.close();
  }

  #encode(items: Items, count: number, encode: () => Buffer): Buffer {
    try {
      return encode();
    } catch (cause) {
      new DeliveryCounts(this.#context, items).failed.add(count);
      throw new PermanentError('a batch cannot be encoded as OTLP', { code: 'OTLP_ENCODE', cause });
    }
  }

  /** A batch in pieces of at most `batch.max_size`; a single span or log record may be larger. */
  #payloads(bytes: Buffer, items: number): Payload[] {
    const most = this.#config.sending_queue.batch.max_size;
    const halves = most > 0 && bytes.length > most && items > 1 ? this.#encoder.split(bytes) : undefined;
    if (halves === undefined) return [{ bytes, items }];
    return halves.flatMap((half) => this.#payloads(half.bytes, half.items));
  }

  #lane(items: Items, url: URL | undefined): Queued | undefined {
    if (url === undefined) return undefined;
    const compression = this.#config.compression ?? (isLoopback(url) ? 'none' : 'gzip');
    return queued({
      context: this.#context,
      config: this.#config,
      items,
      join: (requests) => this.#encoder.join(requests),
      split: (bytes) => this.#encoder.split(bytes),
      push: (payload, signal) => this.#push(url, payload, compression, signal),
    });
  }

  async #push(url: URL, payload: Payload, compression: string, signal: AbortSignal): Promise<PushResult> {
    const isGzip = compression === 'gzip';
    const body = isGzip ? await this.#compressed(payload) : payload.bytes;
    const headers = {
      'content-type': this.#encoder.contentType,
      ...(isGzip ? { 'content-encoding': 'gzip' } : {}),
    };
    const answer = await this.#transport.post(url, body, headers, signal);
    return resultOf(answer, `${url.origin}${url.pathname}`, this.#context.clock.now());
  }

  async #compressed(payload: Payload): Promise<Buffer> {
    let body = this.#bodies.get(payload);
    if (body === undefined) {
      body = await compress(payload.bytes, { level: 1 });
      this.#bodies.set(payload, body);
    }
    return body;
  }
}

/** Names in lower case, so that what the config says replaces our own. */
function headersOf({ build }: Context, config: Config): Record<string, string> {
  const headers: Record<string, string> = {
    'user-agent': `${build.name}/${build.version} (${process.platform}/${process.arch})`,
  };
  for (const [name, value] of Object.entries(config.headers)) headers[name.toLowerCase()] = value;
  return headers;
}

export const otlpHttpExporter = defineExporter({
  type: 'otlp_http',
  aliases: ['otlphttp'],
  summary: 'Sends span trees, and events as log records, to any OTLP backend over HTTP.',
  stability: 'beta',
  schema,
  check,
  takes: (pipeline, config) => {
    if (pipeline === 'logs') return addressOf(config, 'logs') === undefined ? [] : ['events'];
    if (pipeline === 'metrics' || addressOf(config, 'traces') === undefined) return [];
    return choiceOf(config) === 'none' ? ['spans'] : ['spans', 'events'];
  },
  create: (context, config) => new OtlpHttpExporter(context, config),
});
