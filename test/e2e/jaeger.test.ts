import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipsWithout } from '../require.ts';
import { type Jaeger, jaegerIsBuilt, startJaeger } from '../servers/jaeger.ts';
import { build, collector, type Ended, repo } from './program.ts';
import { json, readTrace, readWholeTrace, traceIdsBetween } from './query.ts';
import { Sender, tracesOf } from './sending.ts';
import { sessions, textOf } from './sessions.ts';
import { compareLegacy, spansOfLegacy } from './tree.ts';
import { compareWithTruth, type Truth } from './truth.ts';
import { compareWhole, wholeSpans } from './whole.ts';

// written by the demo agent in this very form
const truth = JSON.parse(readFileSync(join(repo, 'configs/demo/session.truth.json'), 'utf8')) as Truth & {
  readonly turns: readonly { readonly started: string; readonly ended: string }[];
};
const recording = join(repo, 'configs/demo/session.jsonl.gz');

const sorted = (ids: readonly string[]): string[] => [...ids].sort((a, b) => a.localeCompare(b));

/** Ids of all traces of the session's time, of whatever service: what Jaeger itself finds, not what the program says it sent. */
function traceIds(query: string): Promise<string[]> {
  const hour = 3_600_000;
  const from = Date.parse(truth.turns[0]?.started ?? '') - hour;
  return traceIdsBetween(query, from, from + 2 * hour);
}

describe.skipIf(skipsWithout('jaeger', jaegerIsBuilt(), 'test/servers/build.sh jaeger builds it'))(
  'the shipped recording in a real Jaeger',
  () => {
    let jaeger: Jaeger;
    let ended: Ended;
    let ids: string[];
    const send = (): Promise<Ended> =>
      collector(
        '--config',
        'configs/jaeger.yaml',
        '--set',
        `receivers.jsonl.include=[${recording}]`,
        '--set',
        `exporters.otlp_http.endpoint=${jaeger.otlp}`,
        // hashes of content enter the spans: only with a key that stays are the bytes of two runs equal, and Jaeger merges equal spans only
        '--set',
        'processors.redact.hash_key=a key that stays for both runs',
      );

    beforeAll(async () => {
      if (!jaegerIsBuilt()) throw new Error('OISP_REQUIRE asks for Jaeger: build it with test/servers/build.sh jaeger');
      [jaeger] = await Promise.all([startJaeger(), build()]);
      ended = await send();
      ids = await traceIds(jaeger.query);
    });
    afterAll(() => jaeger?.stop());

    it('ends by itself with exit code 0', () => {
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
    });

    it('stands there as the agent itself tells it: turns, model calls, tools, sub-agent and effects, each in its place', async () => {
      const spans = (await Promise.all(ids.map((id) => readTrace(jaeger.query, id)))).flat();
      expect(spans.length).toBeGreaterThan(0);
      expect(compareWithTruth(truth, spans)).toEqual([]);
    });

    it('shows the same parents, names, kinds and errors by the older API, without a warning', async () => {
      expect(ids.length).toBeGreaterThanOrEqual(truth.turns.length);
      for (const id of ids) {
        const legacy = spansOfLegacy(await json(`${jaeger.query}/api/traces/${id}`));
        expect(compareLegacy(await readTrace(jaeger.query, id), legacy)).toEqual([]);
      }
    });

    it('is the same after it was sent again: same ids, no span twice', async () => {
      const before = new Map(
        await Promise.all(ids.map(async (id) => [id, await readTrace(jaeger.query, id)] as const)),
      );
      expect(await send()).toMatchObject({ code: 0 });
      expect(sorted(await traceIds(jaeger.query))).toEqual(sorted(ids));
      for (const id of ids) {
        const again = (await readTrace(jaeger.query, id)).map((span) => span.spanId);
        expect(sorted(again)).toEqual(sorted((before.get(id) ?? []).map((span) => span.spanId)));
      }
    });
  },
);

describe.skipIf(skipsWithout('jaeger', jaegerIsBuilt(), 'test/servers/build.sh jaeger builds it'))(
  'sessions in a real Jaeger',
  () => {
    let jaeger: Jaeger;
    let sender: Sender;
    beforeAll(async () => {
      if (!jaegerIsBuilt()) throw new Error('OISP_REQUIRE asks for Jaeger: build it with test/servers/build.sh jaeger');
      [jaeger] = await Promise.all([startJaeger(), build()]);
      sender = new Sender('configs/jaeger.yaml', jaeger.otlp);
    });
    afterAll(async () => {
      await jaeger?.stop();
      sender?.remove();
    });

    it.each(sessions)('gives back by id all that was sent, without a warning: $name', async (session) => {
      const sent = await sender.send(textOf(session));
      const traces = [...tracesOf(sent.spans).keys()];
      expect(traces.length).toBeGreaterThan(0);
      const read = await Promise.all(traces.map((id) => readWholeTrace(jaeger.query, id)));
      expect(compareWhole(sent.requests.flatMap(wholeSpans), read.flatMap(wholeSpans))).toEqual([]);
      for (const id of traces) {
        const legacy = spansOfLegacy(await json(`${jaeger.query}/api/traces/${id}`));
        expect(compareLegacy(await readTrace(jaeger.query, id), legacy)).toEqual([]);
      }
    });
  },
);
