import { expect, test, vi } from 'vitest';
import { InventoryDrawing } from '../../cli/inventory.ts';
import { Inventory } from '../../cli/inventory-rows.ts';
import { inventoryTable } from '../../cli/inventory-table.ts';
import { Page } from '../../cli/screen.ts';
import type { OispEvent } from '../../core/index.ts';
import { FakeClock, makeEvent } from '../../core/testing/index.ts';
import { loadWithFake } from './fake-ebpf.ts';
import { runProgram } from './io.ts';
import { RECORDING } from './spawned.ts';

vi.mock(import('../../cli/registry.ts'), async (original) => {
  const { loadRegistry } = await original();
  return { loadRegistry: () => loadWithFake(loadRegistry) };
});

const CLAUDE = { app_id: 'claude-code', name: 'Claude Code', is_ai_app: true };

function request(n: number, more: Partial<OispEvent> = {}, data: object = {}): OispEvent {
  return makeEvent(n, {
    event_type: 'ai.request',
    app: CLAUDE,
    confidence: { level: 'medium', completeness: 'full' },
    ...more,
    data: {
      request_id: `r${n}`,
      provider: { name: 'anthropic' },
      model: { id: 'm-1' },
      auth: { type: 'api_key', key_prefix: 'sk-ant-a' },
      ...data,
    },
  });
}

function response(n: number, data: object = {}): OispEvent {
  return makeEvent(n + 1000, {
    event_type: 'ai.response',
    app: CLAUDE,
    data: { request_id: `r${n}`, provider: { name: 'anthropic' }, model: { id: 'm-1' }, success: true, ...data },
  });
}

function filled(events: readonly OispEvent[], maxRows?: number): Inventory {
  const inventory = new Inventory(maxRows);
  for (const event of events) inventory.add(event);
  return inventory;
}

test('calls and tokens are summed for each application, provider and account', () => {
  const usage = { prompt_tokens: 100, completion_tokens: 7 };
  const inventory = filled([
    request(1),
    response(1, { usage }),
    request(2, {}, { model: { id: 'm-2' } }),
    response(2, { usage: { ...usage, total_cost_usd: 0.5 } }),
    request(3, {}, { auth: { type: 'oauth' } }),
  ]);
  expect(inventory.rows()).toMatchObject([
    {
      app: 'Claude Code',
      account: { type: 'api_key', keyPrefix: 'sk-ant-a' },
      calls: 2,
      inputTokens: 200,
      outputTokens: 14,
      costUsd: 0.5,
    },
    { account: { type: 'oauth' }, calls: 1, costUsd: undefined },
  ]);
  expect([...(inventory.rows()[0]?.models ?? [])]).toEqual(['m-1', 'm-2']);
});

test('an answer whose request was not seen counts as a call', () => {
  expect(filled([response(1)]).rows()).toMatchObject([{ calls: 1, account: undefined }]);
});

test('an application that makes no calls has a row until it makes one', () => {
  const exec = makeEvent(1, { app: CLAUDE });
  expect(filled([exec]).rows()).toMatchObject([{ app: 'Claude Code', provider: undefined, calls: 0 }]);
  expect(filled([exec, request(2)]).rows()).toMatchObject([{ app: 'Claude Code', provider: 'anthropic' }]);
});

test('the version is what the application says of itself, not what its library says', () => {
  const agent = (text: string): Partial<OispEvent> => ({ attrs: { 'user_agent.original': text } });
  expect(filled([request(1, agent('claude-cli/2.1.113 (external)'))]).rows()[0]?.version).toBe('2.1.113');
  expect(filled([request(1, agent('Anthropic/JS 1.12.0'))]).rows()[0]?.version).toBeUndefined();
});

test('the surest event and the first and last times stand', () => {
  const at = (n: number, ts: string, level: 'low' | 'high') =>
    request(n, { ts, confidence: { level, completeness: 'full' } });
  const rows = filled([
    at(1, '2026-11-21T10:00:05Z', 'low'),
    at(2, '2026-11-21T10:00:01Z', 'high'),
    at(3, '2026-11-21T10:00:09Z', 'low'),
  ]).rows();
  expect(rows).toMatchObject([
    {
      firstSeen: Date.parse('2026-11-21T10:00:01Z'),
      lastSeen: Date.parse('2026-11-21T10:00:09Z'),
      confidence: 'high',
    },
  ]);
});

test('rows are bounded, and the others are counted', () => {
  const events = Array.from({ length: 50 }, (_, n) => request(n, { app: { name: `app-${n % 10}` } }));
  const inventory = filled([...events, ...events.map((_, n) => response(n, { usage: { prompt_tokens: 1 } }))], 4);
  expect(inventory.rows()).toHaveLength(4);
  expect(inventory.rows().map(({ calls, inputTokens }) => [calls, inputTokens])).toEqual(Array(4).fill([5, 5]));
  expect(inventory.others).toBe(6);
  expect(inventoryTable(inventory, undefined)).toContain('\nand 6 more\n');
});

test('foreign text cannot drive the terminal, and lines are cut to it', () => {
  const inventory = filled([request(1, { app: { name: '\x1b[2J' } }, { model: { id: 'x'.repeat(300) } })]);
  expect(inventoryTable(inventory, undefined)).toContain('\\x1b[2J');
  for (const line of inventoryTable(inventory, 60).split('\n')) expect(line.length).toBeLessThanOrEqual(60);
});

test('a watched table is drawn every 2 seconds and at the end', async () => {
  const printed: string[] = [];
  const clock = new FakeClock();
  const page = new Page(
    {
      columns: 200,
      isTerminal: true,
      write: async (text) => {
        printed.push(text);
      },
    },
    () => {},
  );
  const drawing = new InventoryDrawing(page, { isJson: false, isWatched: true, clock });
  await drawing.start();
  await drawing.add([request(1)]);
  await clock.advance(2000);
  await drawing.shutdown();
  await drawing.shutdown();
  expect(printed).toHaveLength(3);
  expect(printed.every((text) => text.startsWith('\x1b[H\x1b[J'))).toBe(true);
  expect(printed[0]).toContain('no AI application was seen');
  expect(printed[1]).toContain('Claude Code');
});

test('inventory --from shows who used what in a recording', async () => {
  const { code, out, err } = await runProgram(['inventory', '--from', RECORDING]);
  expect([code, err]).toEqual([0, '']);
  const [head, ...rows] = out.trimEnd().split('\n');
  expect(head).toMatch(/^APP +VERSION +PROVIDER +MODELS +ACCOUNT +CALLS +TOKENS IN +OUT +COST +FIRST SEEN/);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(
    /^node +- +anthropic +claude-opus-4-8, claude-haiku-4-5 +api_key sk-ant-a… +10 +20,679 +767 +\$0\.\d+ /,
  );
  expect(rows[1]).toMatch(/^node +- +openai +gpt-5.1, gpt-5.1-codex +api_key sk-proj-… +7 +2,826 +220 +\$0\.\d+ /);
});

test('inventory --json prints a row as an object', async () => {
  const { out } = await runProgram(['inventory', '--json', '--from', RECORDING]);
  const rows = out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(rows).toMatchObject([
    { app: 'node', provider: 'anthropic', account: { type: 'api_key', key_prefix: 'sk-ant-a' }, calls: 10 },
    { provider: 'openai', input_tokens: 2826, output_tokens: 220, confidence: 'high' },
  ]);
});

test.each([
  { argv: ['--from', 'x', '-c', 'claude'], want: '--comm is for live capture' },
  { argv: ['--from', 'x', '--', 'true'], want: 'a command is for live capture' },
  { argv: ['--from', 'x', '--config', 'y'], want: '--from and --config exclude one another' },
  { argv: ['--watch', '--json'], want: '--watch draws a table' },
  { argv: ['--from', '-'], want: 'inventory --from reads a file, not standard input' },
])('inventory $argv is a usage error', async ({ argv, want }) => {
  const { code, err } = await runProgram(['inventory', ...argv]);
  expect(code).toBe(2);
  expect(err).toContain(want);
});
