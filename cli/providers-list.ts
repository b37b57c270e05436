import { resolve } from 'node:path';
import { checkProviders, loadProviders, type ProviderRegistry } from '../core/index.ts';
import { clip, columnsOf, padEnd, printable } from '../exporters/debug/text.ts';
import type { Command } from './command.ts';
import { CommandError, EXIT } from './io.ts';

const HEAD = ['NAME', 'PROVIDER', 'OISP', 'OTEL', 'HOSTS', 'MODELS', 'PRICED', 'PRICES OF'];

/** `oisp-collector providers list`: which hosts are known, and the models and prices of each provider. */
export const providersList: Command = {
  name: 'providers list',
  summary: 'Prints the providers, hosts and models that are known.',
  about: `Ports are those of this machine; ~ before one means that it is a hint only. PRICES OF are the days of the prices, or the providers whose prices
are taken.`,
  usage: '[--providers-file FILE] [--json]',
  flags: {
    'providers-file': { type: 'string', value: 'FILE', help: 'Lays this file over what ships with the program.' },
    json: { type: 'boolean', help: 'Prints one JSON object for each provider, with its models.' },
  },
  positionals: [0, 0],
  run: async (args, io) => {
    const file = args.string('providers-file');
    const settings = file === undefined ? {} : { providers_file: resolve(io.cwd, file) };
    const problems = checkProviders(settings);
    if (problems.length > 0)
      throw new CommandError(problems.map(({ message, hint }) => message + (hint ? `; ${hint}` : '')).join('\n'));
    const registry = loadProviders(settings);
    io.out(args.is('json') ? providersJson(registry) : providersTable(registry, io.screen.columns));
    return EXIT.done;
  },
};

/** One line a provider, cut to the columns of a terminal. */
export function providersTable(registry: ProviderRegistry, columns: number | undefined): string {
  const lines = [HEAD, ...Object.keys(registry.entries).map((name) => cellsOf(registry, name).map(printable))];
  const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => columnsOf(line[i] ?? ''))));
  // hosts are many and wide: they stand last
  const order = [0, 1, 2, 3, 5, 6, 7, 4];
  return lines
    .map((line) => {
      const text = order
        .map((i) => padEnd(line[i] ?? '', widths[i] ?? 0))
        .join('  ')
        .trimEnd();
      return `${columns === undefined ? text : clip(text, columns)}\n`;
    })
    .join('');
}

function cellsOf(registry: ProviderRegistry, name: string): string[] {
  const entry = registry.entries[name] ?? {};
  const models = registry.modelsOf(name);
  const priced = models.filter(({ prices = [] }) => prices.length > 0);
  const days = priced.map(({ date }) => date ?? '').sort();
  const provider = registry.named(name);
  return [
    name,
    entry.title ?? '-',
    provider?.oisp ?? '-',
    provider?.otel ?? '-',
    hostsOf(registry, name).join(', ') || '-',
    String(models.length),
    String(priced.length),
    pricesOf(days, entry.prices_of),
  ];
}

function pricesOf(days: readonly string[], others: readonly string[] = []): string {
  const [first, last] = [days[0], days.at(-1)];
  if (first !== undefined && last !== undefined) return first === last ? first : `${first} to ${last}`;
  if (others.length === 0) return '-';
  return others.length > 2 ? `${others.slice(0, 2).join(', ')}, ...` : others.join(', ');
}

/** Hosts and ports of a provider, as people write them. */
export function hostsOf({ entries }: ProviderRegistry, name: string): string[] {
  const { hosts = [], ports = [], weak_ports: weak = [] } = entries[name] ?? {};
  return [...hosts, ...ports.map((port) => `localhost:${port}`), ...weak.map((port) => `~localhost:${port}`)];
}

function providersJson(registry: ProviderRegistry): string {
  return Object.entries(registry.entries)
    .map(
      ([name, entry]) =>
        `${JSON.stringify({ name, ...registry.named(name), ...entry, models: registry.modelsOf(name) })}\n`,
    )
    .join('');
}
