import { expect, test } from 'vitest';
import type { Signal } from '../../../core/index.ts';
import { checkGraph } from '../../../core/service/service.ts';
import { connector, correlateFlow, decodeFlow, exporter, kit, processor, receiver, serviceConfig } from './configs.ts';

const k = kit();
const spansOnly = (): readonly Signal[] => ['spans'];
const parts = {
  receivers: { r: receiver(k, ['capture', 'events']), spans: receiver(k, ['spans']) },
  processors: {
    decode: processor(k, 'decode', decodeFlow),
    redact: processor(k, 'redact', undefined, true),
    correlate: processor(k, 'correlate', correlateFlow),
  },
  exporters: {
    e: exporter(k),
    'e/spans': exporter(k, spansOnly),
    'e/events': exporter(k, () => ['events']),
    'e/traces': exporter(k, (kind) => (kind === 'traces' ? ['spans'] : [])),
  },
  connectors: { forward: connector(k) },
};

function problems(pipelines: Record<string, readonly [string, string, string]>) {
  return checkGraph(serviceConfig({ ...parts, pipelines })).problems.map(({ severity, message, hint }) => ({
    severity,
    message,
    hint,
  }));
}

test('a whole chain has no problems', () => {
  expect(problems({ traces: ['r', 'decode redact correlate', 'e'] })).toEqual([]);
});

test('a second pipeline behind forward has no problems though spans arrive there unread', () => {
  expect(
    problems({ traces: ['r', 'decode redact correlate', 'e/spans forward'], logs: ['forward', '', 'e/events'] }),
  ).toEqual([]);
});

test('an exporter that takes only spans needs a processor that makes them', () => {
  expect(problems({ traces: ['r', 'decode redact', 'e/spans'] })).toEqual([
    {
      severity: 'error',
      message: 'service::pipelines::traces: exporter "e/spans" takes spans, but only events arrive',
      hint: 'add the processor "correlate", which makes spans of events',
    },
  ]);
});

test('spans in another pipeline only are no help, and the hint says how to join the two', () => {
  const [first] = problems({ traces: ['r', 'decode redact correlate', 'e'], logs: ['spans', 'redact', 'e/events'] });
  expect(first).toMatchObject({
    message: 'service::pipelines::logs: exporter "e/events" takes events, but only spans arrive',
  });
  const [second] = problems({
    traces: ['r', 'decode redact correlate', 'e'],
    'traces/2': ['r', 'redact', 'e/spans'],
  }).filter(({ severity }) => severity === 'error');
  // the instance of one kind is shared: spans that arrive by the first pipeline are enough for "e", not for "e/spans"
  expect(second?.hint).toBe(
    'move it to the pipeline that holds "correlate", or join the two with the connector "forward"',
  );
});

test('in a traces pipeline, an exporter of spans and events without spans is an error', () => {
  expect(problems({ traces: ['r', 'decode redact', 'e'] })).toMatchObject([
    { severity: 'error', message: 'service::pipelines::traces: no spans arrive at exporter "e"' },
  ]);
  expect(problems({ logs: ['r', 'decode redact', 'e'] })).toEqual([]);
});

test('an exporter that takes nothing in a kind of pipeline cannot be used there', () => {
  expect(problems({ logs: ['r', 'decode redact', 'e/traces'] })).toMatchObject([
    { severity: 'error', message: 'service::pipelines::logs: exporter "e/traces" cannot be used in a logs pipeline' },
  ]);
});

test('an exporter that no redact precedes is an error whose hint says what to write', () => {
  expect(problems({ traces: ['r', 'decode correlate', 'e'] })).toEqual([
    {
      severity: 'error',
      message: 'service::pipelines::traces: no processor that redacts precedes exporter "e"',
      hint: 'write "processors: [decode, redact, correlate]"; to send content, write it there too and set "redact: {mode: full}"',
    },
  ]);
});

test('one path without redact is enough for the error, through connectors too', () => {
  const through = problems({
    traces: ['r', 'decode redact correlate', 'e'],
    'traces/raw': ['r', 'decode correlate', 'forward'],
    'traces/out': ['forward', '', 'e'],
  });
  expect(through.filter(({ severity }) => severity === 'error')).toMatchObject([
    { message: expect.stringContaining('no processor that redacts precedes exporter "e"') },
  ]);
  const behind = { 'traces/in': ['r', 'decode correlate', 'forward'], traces: ['forward', 'redact', 'e'] } as const;
  expect(problems(behind)).toEqual([]);
});

test('captured bytes that arrive undecoded are a warning', () => {
  expect(problems({ logs: ['r', 'redact', 'e'] })).toMatchObject([
    { severity: 'warning', message: 'service::pipelines::logs: captured bytes arrive undecoded at exporter "e"' },
  ]);
});

test('spans that nobody takes are a warning', () => {
  expect(problems({ traces: ['r', 'decode redact correlate', 'e/events'] })).toMatchObject([
    {
      severity: 'warning',
      message: 'service::pipelines::traces: spans arrive at its end, and none of its exporters takes them',
    },
  ]);
});

test('decoding one receiver in two pipelines is a warning that names forward', () => {
  const found = problems({
    traces: ['r', 'decode redact correlate', 'e'],
    logs: ['r', 'decode redact', 'e/events'],
  });
  expect(found).toMatchObject([
    {
      severity: 'warning',
      message: 'receiver "r" is decoded in 2 pipelines: traces, logs',
      hint: expect.stringContaining('forward'),
    },
  ]);
});
