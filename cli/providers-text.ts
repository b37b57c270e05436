import { formatProblem, type ProviderEntry, readProviders } from '../core/index.ts';
import { CommandError } from './io.ts';
import type { ImportedBundle } from './oisp-bundle.ts';

const MOST_SHOWN = 8;

/** An imported bundle as a file of providers. Throws CommandError when the file would be too large to be read. */
export function providersText({ version, date, providers }: ImportedBundle): string {
  const head = [
    `# Providers, imported from an OISP bundle ${version}${date === undefined ? '' : ` of ${date}`}.`,
    `source: ${JSON.stringify(`OISP bundle ${version}`)}`,
    ...(date === undefined ? [] : [`date: ${JSON.stringify(date)}`]),
  ];
  const body = [...providers].flatMap(([name, entry]) => [`  ${JSON.stringify(name)}:`, ...linesOf(entry)]);
  const text = `${[...head, ...(body.length === 0 ? ['providers: {}'] : ['providers:', ...body])].join('\n')}\n`;
  const read = readProviders('the imported file', text, new Set());
  const [problem] = 'problems' in read ? read.problems : [];
  if (problem !== undefined) throw new CommandError(`cannot be imported: ${formatProblem(problem)}`);
  return text;
}

/** JSON inside YAML: quoted text stays text. */
function linesOf({ models, ...entry }: ProviderEntry): string[] {
  const lines = Object.entries(entry).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`);
  if (models === undefined) return lines;
  return [
    ...lines,
    '    models:',
    ...Object.entries(models).map(([id, model]) => `      ${JSON.stringify(id)}: ${JSON.stringify(model)}`),
  ];
}

/** What was taken and what was not, for people. */
export function importReport(bundle: ImportedBundle): string {
  const { version, date, providers, hosts, models, priced, leftOut } = bundle;
  const of = date === undefined ? '' : ` of ${date}`;
  const lines = [
    `OISP bundle ${version}${of}: took ${providers.size} providers, ${hosts} hosts, ${models} models (${priced} with a price).`,
  ];
  for (const [why, names] of leftOut) {
    const more = names.length > MOST_SHOWN ? `, and ${names.length - MOST_SHOWN} more` : '';
    lines.push(`Left out ${why}: ${names.slice(0, MOST_SHOWN).map(shown).join(', ')}${more}.`);
  }
  return `${lines.join('\n')}\n`;
}

/** Text of a foreign file, safe to print. */
function shown(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ');
  return plain.length > 80 ? `${plain.slice(0, 80)}...` : plain;
}
