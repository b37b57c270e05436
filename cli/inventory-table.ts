import { clip, columnsOf, dollars, padEnd, printable, withCommas } from '../exporters/debug/text.ts';
import type { Inventory, Row } from './inventory-rows.ts';
import { clockTime } from './read.ts';

const HEAD = [
  'APP',
  'VERSION',
  'PROVIDER',
  'MODELS',
  'ACCOUNT',
  'CALLS',
  'TOKENS IN',
  'OUT',
  'COST',
  'FIRST SEEN',
  'LAST SEEN',
  'CONFIDENCE',
];
/** Columns of numbers, which are aligned at their ends. */
const NUMBERS = new Set([5, 6, 7, 8]);
const MOST_COLUMNS = 48;

/** The rows as a table, cut to the columns of a terminal. Safe to print. */
export function inventoryTable(inventory: Inventory, columns: number | undefined): string {
  const rows = inventory.rows();
  if (rows.length === 0) return 'no AI application was seen\n';
  const cells = rows.map((row) => cellsOf(row).map((cell) => clip(printable(cell), MOST_COLUMNS)));
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((line) => columnsOf(line[i] ?? ''))));
  const lines = [HEAD, ...cells].map((line) => {
    const parts = line.map((cell, i) => {
      const width = widths[i] ?? 0;
      return NUMBERS.has(i) ? cell.padStart(width) : padEnd(cell, width);
    });
    const text = parts.join('  ').trimEnd();
    return columns === undefined ? text : clip(text, columns);
  });
  if (inventory.others > 0) lines.push(`and ${withCommas(inventory.others)} more`);
  return `${lines.join('\n')}\n`;
}

function cellsOf(row: Row): string[] {
  const { account, costUsd } = row;
  return [
    row.app,
    row.version ?? '-',
    row.provider ?? '-',
    row.models.size === 0 ? '-' : [...row.models].join(', '),
    account === undefined
      ? '-'
      : account.type + (account.keyPrefix === undefined ? '' : ` ${printable(account.keyPrefix)}…`),
    withCommas(row.calls),
    withCommas(row.inputTokens),
    withCommas(row.outputTokens),
    costUsd === undefined ? '-' : dollars(costUsd),
    timeOf(row.firstSeen),
    timeOf(row.lastSeen),
    row.confidence,
  ];
}

/** Date and time on the clock of this place. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(ms)}`;
}

/** The rows as JSON, one a line. */
export function inventoryJson(inventory: Inventory): string {
  const lines = inventory.rows().map((row) =>
    JSON.stringify({
      app: row.app,
      version: row.version,
      provider: row.provider,
      models: [...row.models],
      account: row.account && { type: row.account.type, key_prefix: row.account.keyPrefix },
      calls: row.calls,
      input_tokens: row.inputTokens,
      output_tokens: row.outputTokens,
      cost_usd: row.costUsd,
      first_seen: new Date(row.firstSeen).toISOString(),
      last_seen: new Date(row.lastSeen).toISOString(),
      confidence: row.confidence,
    }),
  );
  return lines.map((line) => `${line}\n`).join('');
}
