import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skipsWithout } from '../require.ts';
import { startTempo, type Tempo, tempoIsBuilt } from '../servers/tempo.ts';
import { longTurn, slowTurn } from './hard-turns.ts';
import { build, repo } from './program.ts';
import { Sender, type Sent, tracesOf } from './sending.ts';
import { sessions, textOf } from './sessions.ts';
import { completeBlocks, readTempoTrace, searchTempo, tempoMetric } from './tempo-query.ts';
import { operationOf, type Span, spansOfOtlp, Tree } from './tree.ts';
import { compareWithTruth, type Truth } from './truth.ts';
import { compareWhole, wholeSpans } from './whole.ts';

const query = '{ .gen_ai.operation.name = "invoke_agent" } >> { name =~ "process.exec.*" }';

/** A real Tempo, and what is sent to it. */
interface Bench {
  readonly tempo: Tempo;
  readonly sender: Sender;
  stop(): Promise<void>;
}

async function start(): Promise<Bench> {
  if (!tempoIsBuilt()) throw new Error('OISP_REQUIRE asks for Tempo: build it with test/servers/build.sh tempo');
  const [tempo] = await Promise.all([startTempo(), build()]);
  const sender = new Sender('configs/tempo.yaml', tempo.otlp);
  const stop = async (): Promise<void> => {
    await tempo.stop();
    sender.remove();
  };
  return { tempo, sender, stop };
}

/** Traces in which a program runs somewhere below an agent, by the parents that were sent. */
function withPrograms(spans: readonly Span[]): Set<string> {
  const tree = new Tree(spans);
  const isBelowAgent = (span: Span): boolean => {
    for (let at = tree.parent(span); at; at = tree.parent(at)) if (operationOf(at) === 'invoke_agent') return true;
    return false;
  };
  const found = spans.filter((span) => span.name.startsWith('process.exec') && isBelowAgent(span));
  return new Set(found.map((span) => span.traceId));
}

/** All traces of what was sent, read back by id. */
async function readBack({ tempo }: Bench, { spans }: Sent): Promise<unknown[]> {
  const read: unknown[] = [];
  for (const [id, trace] of tracesOf(spans)) read.push(await readTempoTrace(tempo.query, id, trace.length));
  return read;
}

describe.skipIf(skipsWithout('tempo', tempoIsBuilt(), 'test/servers/build.sh tempo builds it'))(
  'a real Tempo with its own limits',
  () => {
    let bench: Bench;
    let sent: ReadonlyMap<string, Sent>;
    let from: number;
    const all = (): Span[] => [...sent.values()].flatMap(({ spans }) => spans);

    beforeAll(async () => {
      bench = await start();
      from = Math.floor(Date.now() / 1000) - 3600;
      const entries: [string, Sent][] = [];
      for (const session of sessions) entries.push([session.name, await bench.sender.send(textOf(session))]);
      entries.push(['a turn of thousands of spans', await bench.sender.send(longTurn())]);
      sent = new Map(entries);
    });
    afterAll(() => bench?.stop());

    it.each([...sessions.map(({ name }) => name), 'a turn of thousands of spans'])(
      'gives back by id all that was sent: %s',
      async (name) => {
        const one = sent.get(name);
        if (!one) throw new Error('not sent');
        expect(one.spans.length).toBeGreaterThan(0);
        const read = (await readBack(bench, one)).flatMap(wholeSpans);
        expect(compareWhole(one.requests.flatMap(wholeSpans), read)).toEqual([]);
      },
    );

    it('shows the shipped recording as the agent itself tells it', async () => {
      const truth = JSON.parse(readFileSync(join(repo, 'configs/demo/session.truth.json'), 'utf8')) as Truth;
      const demo = sent.get('demo');
      expect(compareWithTruth(truth, demo ? (await readBack(bench, demo)).flatMap(spansOfOtlp) : [])).toEqual([]);
    });

    it('finds each turn in which a program ran by TraceQL, with its root', async () => {
      const wanted = withPrograms(all());
      expect(wanted.size).toBeGreaterThan(3);
      const to = Math.floor(Date.now() / 1000) + 60;
      const found = await searchTempo(bench.tempo.query, query, from, to, wanted.size);
      expect(found.length).toBe(wanted.size);
      expect(new Set(found.map(({ id }) => id))).toEqual(wanted);
      const roots = new Map(all().flatMap((span) => (span.parentId === undefined ? [[span.traceId, span]] : [])));
      for (const { id, rootService, rootName } of found)
        expect({ rootService, rootName }).toEqual({
          rootService: roots.get(id)?.service,
          rootName: roots.get(id)?.name,
        });
    });

    it('cut no attribute and dropped no span, of a turn that is larger than Tempo takes as one trace as well', async () => {
      const long = sent.get('a turn of thousands of spans')?.spans ?? [];
      expect(long.length).toBeGreaterThan(2000);
      expect(tracesOf(long).size).toBeGreaterThan(1);
      expect(await tempoMetric(bench.tempo.query, 'tempo_distributor_spans_received_total')).toBe(all().length);
      expect(await tempoMetric(bench.tempo.query, 'tempo_discarded_spans_total')).toBe(0);
      expect(await tempoMetric(bench.tempo.query, 'tempo_distributor_attributes_truncated_total')).toBe(0);
    });
  },
);

describe.skipIf(skipsWithout('tempo', tempoIsBuilt(), 'test/servers/build.sh tempo builds it'))(
  'a Tempo of its own',
  () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await start();
    });
    afterEach(() => bench?.stop());

    it('finds a turn whose root comes long after its first spans when it has completed its block', async () => {
      const from = Math.floor(Date.now() / 1000) - 60;
      const live = ['receivers.jsonl.speed=1', 'processors.correlate.reorder_window=100ms'];
      const sent = await bench.sender.send(slowTurn(), ...live);
      const id = sent.spans[0]?.traceId;
      expect(withPrograms(sent.spans)).toEqual(new Set([id]));
      const read = (await readBack(bench, sent)).flatMap(wholeSpans);
      expect(compareWhole(sent.requests.flatMap(wholeSpans), read)).toEqual([]);
      // it came in parts: what Tempo had by then it has put away without the root
      expect(await tempoMetric(bench.tempo.query, 'tempo_warnings_total')).toBeGreaterThan(0);
      await completeBlocks(bench.tempo.query);
      const found = await searchTempo(bench.tempo.query, query, from, from + 180, 1);
      expect(found).toEqual([{ id, rootService: 'coder', rootName: 'invoke_agent coder' }]);
      expect(await tempoMetric(bench.tempo.query, 'tempo_discarded_spans_total')).toBe(0);
    });

    it('loses attributes and spans of that large turn where our limits are off, and answers 200: its metrics say so', async () => {
      const { spans } = await bench.sender.send(
        longTurn(),
        'processors.correlate.content.preset=jaeger',
        'processors.correlate.content.max_attribute_bytes=16KiB',
        'processors.correlate.max_spans_per_trace=1000000',
        'processors.correlate.max_bytes_per_trace=1GB',
      );
      expect(tracesOf(spans).size).toBe(1);
      expect(await tempoMetric(bench.tempo.query, 'tempo_discarded_spans_total')).toBeGreaterThan(0);
      expect(await tempoMetric(bench.tempo.query, 'tempo_distributor_attributes_truncated_total')).toBeGreaterThan(0);
    });
  },
);
