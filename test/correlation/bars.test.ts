import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILD, JsonEncoder, type OispEvent, type SpanRecord } from '../../core/index.ts';
import { captureBy, type Ran, shared, sharedTools, through, workFolder } from '../pipeline/lab.ts';
import { skipsWithoutData } from '../require.ts';
import { onePerConnection, onePerProcess, unionByToolCallId } from './naive.ts';

const tools = join(shared, 'tools');
const SPANS_PER_REQUEST = 256;

describe.skipIf(skipsWithoutData('../shared/tools', sharedTools))('simulated agents in all scenarios', () => {
  const folder = workFolder();
  let ran: Ran;
  let decoded: OispEvent[];
  beforeAll(async () => {
    const made = ['--agents', '80', '--one-process', '0.4', '--proto', 'mix', '--gzip', '--seed', '3'];
    const path = await captureBy('simulate-agents.mjs', join(folder.path, 'agents'), ...made);
    ran = await through(path ?? '');
    decoded = ran.events.map(withoutPlace);
  }, 120_000);
  afterAll(() => folder.remove());

  /** The bars that a set of spans misses, by their names. */
  function missedBy(name: string, spans: readonly SpanRecord[]): string[] {
    const at = (kind: string): string => join(folder.path, `${name}.${kind}`);
    const encoder = new JsonEncoder(BUILD, () => {});
    const lines: string[] = [];
    for (let i = 0; i < spans.length; i += SPANS_PER_REQUEST)
      lines.push(encoder.spans(spans.slice(i, i + SPANS_PER_REQUEST)).toString());
    writeFileSync(at('spans.jsonl'), `${lines.join('\n')}\n`);
    const truth = ['--truth', join(folder.path, 'agents.truth.jsonl'), '--spans', at('spans.jsonl')];
    try {
      const bars = ['--bars', join(tools, 'bars-default.json'), '--json', at('json'), '--problems', '0'];
      execFileSync(process.execPath, [join(tools, 'score-agents.mjs'), ...truth, ...bars], { stdio: 'pipe' });
    } catch (error) {
      // 1: bars were missed, which the result tells
      if ((error as { readonly status?: unknown }).status !== 1) throw error;
    }
    const { missed } = JSON.parse(readFileSync(at('json'), 'utf8')) as { readonly missed: readonly string[] };
    return missed.map((bar) => bar.split(' ')[0] ?? bar);
  }

  test('the trees of this processor miss no bar', () => {
    expect(missedBy('ours', ran.spans)).toEqual([]);
  });

  test.each([
    {
      name: 'one trace per process',
      correlate: onePerProcess,
      misses: ['turns.merged', 'turns.f1', 'calls.f1', 'conversations.f1', 'effects.wrong_agent', 'purity.share'],
    },
    {
      name: 'one trace per connection',
      correlate: onePerConnection,
      misses: ['turns.merged', 'turns.f1', 'calls.f1', 'conversations.f1', 'effects.wrong_agent', 'side.as_root'],
    },
    {
      name: 'union by tool call id',
      correlate: unionByToolCallId,
      misses: ['turns.f1', 'conversations.f1', 'tools.f1', 'side.as_root', 'effects.wrong_agent'],
    },
  ])('$name misses what lies in its nature', ({ name, correlate, misses }) => {
    const missed = missedBy(name, correlate(decoded));
    expect(missed).toEqual(expect.arrayContaining(misses));
    // none of them knows who works for whom, what came before, and what belongs to which of several tools
    const all = ['sub_agents.f1', 'links.rate', 'side.rate', 'effects.f1', 'effects.by_hint.mcp.rate', 'stray.rate'];
    expect(missed).toEqual(expect.arrayContaining(all));
    // and yet they are sound trees with the right values, of nobody's carelessness
    for (const bar of ['structure.faults', 'sums.rate', 'calls.values_rate', 'effects.by_hint.only_open.rate'])
      expect(missed).not.toContain(bar);
  });
});

/** As `decode` made it: what ours found out is not handed to the others. */
function withoutPlace({ trace_context: _, related_events: __, ...event }: OispEvent): OispEvent {
  return event;
}
