import type { Compared } from './compare.ts';

const SCENARIOS = ['plain', 'stream', 'tools', 'tools stream'];

/** Rows of client, runtime, protocol and codings, with `equal` or what is different in each scenario, as Markdown. */
export function tableOf(compared: readonly Compared[]): string {
  const rows = new Map<string, Compared[]>();
  for (const one of compared) {
    const name = [one.told.client, one.told.runtime, one.served.protocol === '2.0' ? 'h2' : 'h1'].join(' | ');
    rows.set(name, [...(rows.get(name) ?? []), one]);
  }
  const lines = [...rows].map(([name, calls]) => {
    const codings = [...new Set(calls.map(({ served }) => served.coding))].sort((a, b) => a.localeCompare(b));
    const cells = SCENARIOS.map((scenario) => cellOf(calls.filter(({ told }) => told.scenario === scenario)));
    return `| ${[name, codings.join(', '), ...cells].join(' | ')} |`;
  });
  const head = ['client', 'runtime', 'protocol', 'codings', ...SCENARIOS];
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...lines].join('\n');
}

function cellOf(calls: readonly Compared[]): string {
  const equal = calls.filter(({ differences }) => differences.length === 0).length;
  if (equal === calls.length) return `equal (${calls.length})`;
  const kinds = new Set(calls.flatMap(({ differences }) => differences.map((one) => one.split(':')[0])));
  return `${equal} of ${calls.length} equal; ${[...kinds].join(', ')}`;
}
