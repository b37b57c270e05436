import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OispEvent } from '../../../core/index.ts';
import { hasSpec, specValidator } from '../../pipeline/schema.ts';
import { skipsWithoutData } from '../../require.ts';
import { eventOf, MODES, OPENAI_KEY, redactorOf, stringsOf, WITH_CONTENT } from './samples.ts';

const EXAMPLES = join(import.meta.dirname, '../../../../shared/data/oisp-spec/examples');

function examples(): { name: string; event: OispEvent }[] {
  return readdirSync(EXAMPLES).map((name) => ({
    name,
    event: JSON.parse(readFileSync(join(EXAMPLES, name), 'utf8')),
  }));
}

const SECRET = `text of a secret plan, ${OPENAI_KEY}, alice@example.com`;

const MORE: readonly OispEvent[] = [
  eventOf('ai.streaming_chunk', { request_id: 'r', chunk_index: 0, delta: { content: SECRET, role: 'assistant' } }),
  eventOf('ai.embedding', { provider: { name: 'openai' }, model: { id: 'm' }, input_count: 2, input: [SECRET] }),
  eventOf('agent.plan_step', {
    agent: { name: 'a' },
    step_index: 1,
    step_type: 'planning',
    description: SECRET,
    planned_actions: [{ action: SECRET, tool: 'shell', rationale: SECRET }],
    context_files: ['/a/b'],
  }),
  eventOf('agent.rag_retrieve', {
    source: { type: 'vector_db', name: 'n' },
    query: SECRET,
    results: [{ source: 's', score: 0.5, content_preview: SECRET, content_hash: 'h', metadata: { a: SECRET } }],
  }),
  eventOf('agent.session', { action: 'start', task_description: SECRET, stats: { llm_calls: 1 } }),
  eventOf('agent.tool_result', { call_id: 'c', result: { rows: [SECRET] } }),
  eventOf('agent.tool_result', { call_id: 'c', result: [SECRET] }),
  eventOf('process.exec', {
    exe: '/home/a/x',
    args: ['x', '--password', SECRET],
    env: { A: OPENAI_KEY },
    script_path: '/a/b',
  }),
  eventOf('process.exit', { exit_code: 1, signal_name: 'SIGTERM', termination_type: 'signaled' }),
  eventOf('process.fork', { child_pid: 3 }),
  eventOf('file.open', {
    path: `/tmp/${OPENAI_KEY}.txt`,
    flags: ['read', 'create'],
    file: { path: '/a/b', name: 'b' },
  }),
  eventOf('file.read', { path: '/a/b', content_preview: SECRET, content_hash: 'h' }),
  eventOf('file.delete', { path: '/a/b' }),
  eventOf('file.rename', { old_path: '/a/b', new_path: '/a/c.md' }),
  eventOf('network.accept', { src: { ip: '192.0.2.1', port: 5 } }),
  eventOf('network.flow', {
    dest: { ip: '192.0.2.1', domain: 'example.com' },
    protocol: 'tcp',
    http: { method: 'GET', path: `/x?key=${OPENAI_KEY}`, request_headers: { authorization: 'Basic YTpi' } },
  }),
  eventOf('network.dns', { query_name: 'example.com', query_type: 'A', answers: [{ type: 'A', value: '192.0.2.1' }] }),
  {
    ...eventOf('process.fork', { child_pid: 3 }),
    actor: { user: 'al', identity: { email: 'alice@example.com', upn: 'alice@example.com' } },
    web_context: { origin: 'https://chat.example.com', referer: `https://x.example.com/?q=${OPENAI_KEY}` },
  },
];

describe.skipIf(skipsWithoutData('../shared/data/oisp-spec', hasSpec))('by the schemas of the spec', () => {
  const check = hasSpec ? specValidator() : () => [];

  test.each(MODES)('the examples of the spec stay valid in mode %s', (mode) => {
    const all = examples();
    expect(all.length).toBeGreaterThanOrEqual(9);
    for (const { name, event } of all) {
      expect(check(event), `${name} before`).toEqual([]);
      expect(check(redactorOf(mode).redact(event)), name).toEqual([]);
    }
  });

  test.each(MODES)('events of every type stay valid in mode %s', (mode) => {
    for (const event of [...MORE, ...WITH_CONTENT.map((make) => make(() => SECRET))]) {
      const out = redactorOf(mode).redact(event);
      expect(check(out), event.event_type).toEqual([]);
      expect(stringsOf(out).join('\0'), event.event_type).not.toContain(OPENAI_KEY.slice(0, 20));
      if (mode !== 'full') expect(stringsOf(out).join('\0'), event.event_type).not.toMatch(/secret plan|alice@/);
    }
  });

  test('the content of the examples does not stay in the mode safe', () => {
    for (const { event } of examples()) {
      const said = contentOf(event.data);
      // a path of the command line may be in the arguments too
      const around = stringsOf({ ...event, data: {} }).join('\0');
      const out = stringsOf(redactorOf('safe').redact(event)).join('\0');
      for (const text of said) {
        for (let i = 0; i + 8 <= text.length; i++) {
          const window = text.slice(i, i + 8);
          if (!around.includes(window)) expect(out).not.toContain(window);
        }
      }
    }
  });
});

/** Texts under the names that hold content in the examples. */
function contentOf(value: unknown, isContent = false): string[] {
  if (typeof value === 'string') return isContent ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    contentOf(
      inner,
      (isContent && key !== '$redacted') ||
        ['content', 'preview', 'arguments', 'result', 'description', 'query'].includes(key),
    ),
  );
}
