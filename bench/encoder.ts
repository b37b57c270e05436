/**
 * CPU per span of our OTLP protobuf encoder against the JS SDK's serializer, in one process, turn by turn, for spans of 20 attributes
 * without long text and for spans with two texts of 4 KB. Run: `npx tsx bench/encoder.ts`. Prints one table; ends with 1 when ours needs
 * more than 0.3 of the SDK's time for either.
 */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { type Attribute, ProtobufEncoder, type SpanRecord } from '../core/index.ts';
import { toReadableSpan } from '../core/otel/readable-span.ts';

const BAR = 0.3;
const SPANS = 512;
const ROUNDS = 25;
const scope = { name: 'oisp-collector', version: '0.0.0' };
const resource = {
  attributes: ['service.name', 'service.namespace', 'host.id', 'host.name', 'host.arch', 'os.type'].map(
    (key): Attribute => ({ key, type: 'string', value: `value of ${key}` }),
  ),
};

function spanOf(n: number, more: readonly Attribute[]): SpanRecord {
  const attributes: Attribute[] = [
    { key: 'gen_ai.operation.name', type: 'string', value: 'chat' },
    { key: 'gen_ai.provider.name', type: 'string', value: 'openai' },
    { key: 'gen_ai.request.model', type: 'string', value: 'gpt-4o' },
    { key: 'gen_ai.response.model', type: 'string', value: 'gpt-4o-2024-08-06' },
    { key: 'gen_ai.response.id', type: 'string', value: `chatcmpl-${n}` },
    { key: 'gen_ai.conversation.id', type: 'string', value: 'b6f0a9e2-0d5c-4f3a-9d2e-6a1f6c0f7d11' },
    { key: 'gen_ai.request.temperature', type: 'double', value: 0.7 },
    { key: 'gen_ai.request.max_tokens', type: 'int', value: 4096 },
    { key: 'gen_ai.usage.input_tokens', type: 'int', value: 15_420 + n },
    { key: 'gen_ai.usage.output_tokens', type: 'int', value: 312 },
    { key: 'gen_ai.response.finish_reasons', type: 'strings', value: ['tool_calls'] },
    { key: 'server.address', type: 'string', value: 'api.openai.com' },
    { key: 'server.port', type: 'int', value: 443 },
    { key: 'http.response.status_code', type: 'int', value: 200 },
    { key: 'process.pid', type: 'int', value: 4242 },
    { key: 'process.executable.name', type: 'string', value: 'node' },
    { key: 'process.creation.time', type: 'string', value: '2026-01-01T10:00:00.000000000Z' },
    { key: 'oisp.redacted', type: 'bool', value: true },
  ];
  const rest: readonly Attribute[] = [
    { key: 'session.id', type: 'string', value: 'session-1' },
    { key: 'user.name', type: 'string', value: 'someone' },
  ];
  return {
    traceId: (n + 1).toString(16).padStart(32, 'a'),
    spanId: (n + 1).toString(16).padStart(16, 'b'),
    parentSpanId: '00f067aa0ba902b7',
    name: 'chat gpt-4o',
    kind: 3,
    start: 1_790_000_000_000_000_000n + BigInt(n),
    end: 1_790_000_001_000_000_000n + BigInt(n),
    attributes: [...attributes, ...(more.length > 0 ? more : rest)],
    resource,
  };
}

const words = 'the quick brown fox reads a file, writes another and runs the tests again; ';
const long = (n: number): Attribute[] => [
  { key: 'gen_ai.input.messages', type: 'string', value: `${n} ${words.repeat(54)}`.slice(0, 4096) },
  { key: 'gen_ai.output.messages', type: 'string', value: `${words.repeat(54)} ${n}`.slice(0, 4096) },
];

/** Microseconds of CPU per span. */
function cpu(run: () => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < 4; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (4 * SPANS);
}

const encoder = new ProtobufEncoder(scope);
let isSlow = false;
console.log(`spans      bytes ours   bytes SDK   ours µs    SDK µs     ratio   bar ${BAR}`);
for (const [name, more] of [
  ['small', () => []],
  ['9 KB', long],
] as const) {
  const spans = Array.from({ length: SPANS }, (_, n) => spanOf(n, more(n)));
  const readable = spans.map((span) => toReadableSpan(span, scope));
  const ours = (): Buffer => encoder.spans(spans);
  const theirs = (): Uint8Array | undefined => ProtobufTraceSerializer.serializeRequest(readable);
  const best = { ours: Number.POSITIVE_INFINITY, theirs: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS; round++) {
    best.ours = Math.min(best.ours, cpu(ours));
    best.theirs = Math.min(best.theirs, cpu(theirs));
  }
  const ratio = best.ours / best.theirs;
  if (!(ratio <= BAR)) isSlow = true;
  const cells = [
    (ours().length / SPANS).toFixed(0).padStart(10),
    ((theirs()?.length ?? 0) / SPANS).toFixed(0).padStart(9),
    best.ours.toFixed(2).padStart(7),
    best.theirs.toFixed(2).padStart(7),
    ratio.toFixed(3).padStart(7),
  ];
  console.log(`${name.padEnd(10)} ${cells.join('   ')}   ${ratio <= BAR ? 'ok' : 'TOO SLOW'}`);
}
process.exitCode = isSlow ? 1 : 0;
