/**
 * Decodes a capture file: `npx tsx test/processors/decode/run.ts CAPTURE.jsonl EVENTS.jsonl [batch]`. Prints events per type, CPU of
 * decoding, CPU of parsing the same lines as JSON, and the counters.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { createMatcher, type Matcher, Meter, type OispEvent } from '../../../core/index.ts';
import { Counters } from '../../../processors/decode/counters.ts';
import { type Decoded, Decoder } from '../../../processors/decode/decoder.ts';
import { flavours } from '../../../processors/decode/flavours/index.ts';

const [, , input = '', output = '', batch = '256'] = process.argv;
const silent = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const meter = new Meter();
const matcher: Matcher =
  process.env['NO_MATCH'] === '1' ? { stamp: (event) => event, hashOf: () => '' } : createMatcher(Buffer.alloc(32, 7));
const decoder = new Decoder({
  reorderWindowMs: 2000,
  maxConnections: 10_000,
  maxConnectionBytes: 64 << 20,
  maxTotalBytes: 256 << 20,
  maxBodyBytes: 16 << 20,
  flavours,
  counters: new Counters(meter, silent, 'decode'),
  matcher,
});
const out = openSync(output, 'w');
const types = new Map<string, number>();
let parseNs = 0n;
let decodeUs = 0;
let bytes = 0;

function write(decoded: Decoded): void {
  let text = '';
  for (const event of decoded.events) {
    types.set(event.event_type, (types.get(event.event_type) ?? 0) + 1);
    text += `${JSON.stringify(event)}\n`;
  }
  if (text !== '') writeSync(out, text);
}

function work(lines: readonly string[]): void {
  const before = process.hrtime.bigint();
  const events = lines.map((line) => JSON.parse(line) as OispEvent);
  parseNs += process.hrtime.bigint() - before;
  const cpu = process.cpuUsage();
  const decoded = decoder.push(events);
  const used = process.cpuUsage(cpu);
  decodeUs += used.user + used.system;
  write(decoded);
}

const file = openSync(input, 'r');
const chunk = Buffer.alloc(1 << 22);
let rest = '';
let lines: string[] = [];
for (let n = readSync(file, chunk); n > 0; n = readSync(file, chunk)) {
  bytes += n;
  const parts = (rest + chunk.toString('latin1', 0, n)).split('\n');
  rest = parts.pop() ?? '';
  for (const line of parts) {
    lines.push(Buffer.from(line, 'latin1').toString());
    if (lines.length >= Number(batch)) {
      work(lines);
      lines = [];
    }
  }
}
if (rest !== '') lines.push(rest);
work(lines);
write(decoder.finish());
closeSync(out);
closeSync(file);
console.log(Object.fromEntries(types));
const parseMs = Number(parseNs) / 1e6;
console.log({
  mb: bytes / 1e6,
  parseMs: Math.round(parseMs),
  decodeMs: Math.round(decodeUs / 1e3),
  ratio: decodeUs / 1e3 / parseMs,
  held: decoder.bytes,
});
for (const sample of meter.samples()) console.log(sample.name, JSON.stringify(sample.labels), sample.value);
