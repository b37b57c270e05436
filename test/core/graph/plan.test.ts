import { expect, test } from 'vitest';
import { plan } from '../../../core/graph/plan.ts';
import { connector, exporter, kit, processor, receiver, serviceConfig } from './configs.ts';

const k = kit();
const parts = {
  receivers: { r: receiver(k), 'r/2': receiver(k) },
  processors: { p: processor(k, 'p'), q: processor(k, 'q') },
  exporters: { e: exporter(k), 'e/2': exporter(k) },
  connectors: { forward: connector(k), 'forward/2': connector(k) },
};

function keys(pipelines: Record<string, readonly [string, string, string]>): string[] {
  return plan(serviceConfig({ ...parts, pipelines })).plan?.nodes.map((node) => node.key) ?? [];
}

function errors(pipelines: Record<string, readonly [string, string, string]>): string[] {
  return plan(serviceConfig({ ...parts, pipelines })).problems.map((problem) => problem.message);
}

test('a receiver is one instance for all pipelines, an exporter one per kind, a processor one per pipeline', () => {
  const nodes = keys({ traces: ['r', 'p', 'e'], 'traces/2': ['r', 'p', 'e'], logs: ['r', 'p', 'e'] });
  expect([...nodes].sort((a, b) => a.localeCompare(b))).toEqual([
    'exporter e logs',
    'exporter e traces',
    'processor p in logs',
    'processor p in traces',
    'processor p in traces/2',
    'receiver r',
  ]);
});

test('a connector is one instance per pair of kinds', () => {
  const nodes = keys({ traces: ['r', '', 'forward'], logs: ['forward', '', 'e'], metrics: ['forward', '', 'e/2'] });
  expect(nodes.filter((key) => key.startsWith('connector'))).toEqual(
    expect.arrayContaining(['connector forward traces to logs', 'connector forward traces to metrics']),
  );
});

test('every edge leads from an earlier node to a later one, and receivers come first', () => {
  const { plan: planned } = plan(
    serviceConfig({
      ...parts,
      pipelines: {
        logs: ['forward r/2', 'q', 'e'],
        traces: ['r', 'p q', 'e/2 forward'],
        'traces/3': ['r/2', '', 'e forward/2'],
        'logs/4': ['forward/2', '', 'e'],
      },
    }),
  );
  const nodes = planned?.nodes ?? [];
  const place = new Map(nodes.map((node, i) => [node.key, i]));
  expect(planned?.edges.length).toBeGreaterThan(8);
  for (const { from, to } of planned?.edges ?? []) expect(place.get(from)).toBeLessThan(place.get(to) ?? -1);
  const lastReceiver = nodes.findLastIndex((node) => node.kind === 'receiver');
  expect(lastReceiver).toBe(1);
});

test('pipelines without processors join receivers and exporters directly', () => {
  const { plan: planned } = plan(serviceConfig({ ...parts, pipelines: { traces: ['r r/2', '', 'e e/2'] } }));
  expect(planned?.edges.map(({ from, to }) => `${from} > ${to}`)).toEqual([
    'receiver r > exporter e traces',
    'receiver r > exporter e/2 traces',
    'receiver r/2 > exporter e traces',
    'receiver r/2 > exporter e/2 traces',
  ]);
});

test("a cycle through connectors is told in the Collector's words, from a connector", () => {
  expect(errors({ 'traces/in': ['r forward', 'p', 'forward'] })).toEqual([
    'failed to build pipelines: cycle detected: connector "forward" (traces to traces) -> processor "p" in pipeline "traces/in" -> connector "forward" (traces to traces)',
  ]);
});

test.each([
  {
    pipelines: { 'traces/in': ['r', '', 'forward'] },
    want: 'failed to build pipelines: connector "forward" used as exporter in [traces/in] pipeline but not used in any supported receiver pipeline',
  },
  {
    pipelines: { 'traces/out': ['forward', '', 'e'] },
    want: 'failed to build pipelines: connector "forward" used as receiver in [traces/out] pipeline but not used in any supported exporter pipeline',
  },
] as const)('a connector with one end is an error: $want', ({ pipelines, want }) => {
  expect(errors(pipelines)).toEqual([want]);
});

test('a connector that does not join two kinds counts as unused between them', () => {
  const config = serviceConfig({
    ...parts,
    connectors: { forward: connector(k, (from, to) => from === to) },
    pipelines: { traces: ['r', '', 'forward'], logs: ['forward', '', 'e'] },
  });
  expect(plan(config).problems.map((problem) => problem.message)).toHaveLength(2);
});
