/** One run of bench/path.ts in a process of its own: `path-run.ts parse|none|full FILE ENDPOINT`; prints its CPU and peak memory. */
import { createReadStream } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { Batch, Consumer, Context, Definition, ProcessorDefinition } from '../core/index.ts';
import { createLog, createMatcher, Meter, systemClock } from '../core/index.ts';
import { configFor } from '../core/testing/index.ts';
import { BUILD } from '../core/version.ts';
import { otlpHttpExporter } from '../exporters/otlp_http/index.ts';
import { correlateProcessor } from '../processors/correlate/index.ts';
import { decodeProcessor } from '../processors/decode/index.ts';
import { redactProcessor } from '../processors/redact/index.ts';
import { jsonlReceiver } from '../receivers/jsonl/index.ts';

const [kind, file, endpoint] = process.argv.slice(2) as [string, string, string];

async function parseOnly(): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let n = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const block: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = block.indexOf(10, from); at >= 0; at = block.indexOf(10, from)) {
      const event = JSON.parse(block.toString('utf8', from, at));
      if (event.event_id !== '' && event.data) n++;
      from = at + 1;
    }
    rest = block.subarray(from);
  }
  if (n === 0) throw new Error('no lines');
}

let spans = 0;

async function wholePath(): Promise<void> {
  const meter = new Meter();
  const log = createLog({
    level: 'warn',
    encoding: 'console',
    write: (line) => process.stderr.write(line),
    now: Date.now,
  });
  const base = {
    log,
    clock: systemClock,
    meter,
    random: Math.random,
    matcher: createMatcher(Buffer.alloc(32, 7)),
    build: BUILD,
  };
  const context = (id: string): Context => ({ ...base, id, pipeline: 'traces' });
  const configOf = (definition: Definition, over: object): never => configFor(definition.schema, over) as never;
  const exporter = otlpHttpExporter.create(
    context('otlp_http'),
    configOf(otlpHttpExporter, { endpoint, compression: 'none', events: 'none' }),
  );
  const counted: Consumer = {
    consume: async (batch: Batch) => {
      if (batch.signal !== 'spans') return;
      spans += batch.spans.length;
      await exporter.consume(batch);
    },
  };
  const chain: { start: (typeof exporter)['start']; shutdown: (typeof exporter)['shutdown'] }[] = [exporter];
  let next = counted;
  const stages: [ProcessorDefinition, object][] = [
    [correlateProcessor, {}],
    ...(kind === 'full' ? [[redactProcessor, { mode: 'full' }] as [ProcessorDefinition, object]] : []),
    [decodeProcessor, {}],
  ];
  for (const [definition, over] of stages) {
    const node = definition.create(context(definition.type), configOf(definition, over), next);
    chain.push(node);
    next = node;
  }
  const receiver = jsonlReceiver.create(context('jsonl'), configOf(jsonlReceiver, { path: file }), next);
  await new Promise<void>((resolve, reject) => {
    const host = { fatal: reject, finished: resolve };
    void (async () => {
      for (const node of chain) await node.start(host);
      await receiver.start(host);
    })().catch(reject);
  });
  const deadline = AbortSignal.timeout(60_000);
  await receiver.shutdown(deadline);
  for (const node of chain.reverse()) await node.shutdown(deadline);
  if (process.env['OISP_BENCH_VERBOSE'])
    for (const s of meter.samples()) console.error(s.name, JSON.stringify(s.labels), s.value);
}

// as cli/main.ts does
if (kind !== 'parse') setFlagsFromString('--heap-growing-percent=40');
if (kind === 'parse') await parseOnly();
else await wholePath();
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024, spans }));
