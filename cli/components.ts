import { BUILD, type Definition, type Registry } from '../core/index.ts';
import type { Command } from './command.ts';
import { EXIT } from './io.ts';
import { loadRegistry } from './registry.ts';

/** `oisp-collector components`: what a config may name, as YAML. */
export const components: Command = {
  name: 'components',
  summary: 'Lists the components that a config may name, as YAML.',
  usage: '',
  flags: {},
  positionals: [0, 0],
  run: async (_args, io) => {
    io.out(componentsText(await loadRegistry()));
    return EXIT.done;
  },
};

function componentsText(registry: Registry): string {
  const lines = ['buildinfo:', `  command: ${BUILD.name}`, `  version: ${BUILD.version}`];
  for (const kind of ['receivers', 'processors', 'exporters', 'connectors', 'extensions'] as const) {
    const definitions: readonly Definition[] = registry[kind];
    lines.push(definitions.length === 0 ? `${kind}: []` : `${kind}:`);
    for (const { type, aliases = [], summary, stability } of definitions) {
      lines.push(`  - name: ${type}`);
      if (aliases.length > 0) lines.push(`    aliases: [${aliases.join(', ')}]`);
      // JSON strings are YAML strings
      lines.push(`    stability: ${stability}`, `    summary: ${JSON.stringify(summary)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
