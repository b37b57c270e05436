/**
 * Writes the files that follow from the sources, or with `--check` fails when one of them is stale.
 *
 *   npx tsx scripts/gen.ts [--check]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { hostsOf } from '../cli/providers-list.ts';
import { connectors } from '../connectors/index.ts';
import { configJsonSchema } from '../core/config/json-schema.ts';
import { DEFAULT_REGISTRY } from '../core/index.ts';
import { exporters } from '../exporters/index.ts';
import { processors } from '../processors/index.ts';
import { receivers } from '../receivers/index.ts';

interface Generated {
  readonly path: string;
  readonly text: string;
}

const root = new URL('../', import.meta.url);

async function read(path: string): Promise<string> {
  return await readFile(new URL(path, root), 'utf8').catch(() => '');
}

async function generate(): Promise<Generated[]> {
  const schema = configJsonSchema({ receivers, processors, exporters, connectors, extensions: [] });
  const { version }: { version?: unknown } = JSON.parse(await read('package.json'));
  if (typeof version !== 'string') throw new Error('package.json has no version');
  const source = await read('core/version.ts');
  const page = await read('docs/providers.md');
  return [
    { path: 'schema/collector.schema.json', text: `${JSON.stringify(schema, null, 2)}\n` },
    {
      path: 'docs/providers.md',
      text: page.replace(/(<!-- providers: .*-->\n)[\s\S]*(<!-- \/providers -->)/, `$1${table()}$2`),
    },
    { path: 'core/version.ts', text: source.replace(/version: '[^']*'/, `version: '${version}'`) },
  ];
}

/** The providers that ship with the program, as a table of Markdown. */
function table(): string {
  const rows = Object.entries(DEFAULT_REGISTRY.entries).map(([name, { title = name, prices_of: others = [] }]) => {
    const models = DEFAULT_REGISTRY.modelsOf(name).length;
    const known = [
      ...(models > 0 ? [String(models)] : []),
      ...(others.length > 0 ? [`those of ${others.join(', ')}`] : []),
    ];
    const provider = DEFAULT_REGISTRY.named(name);
    const hosts = hostsOf(DEFAULT_REGISTRY, name).map((host) => `\`${host}\``);
    const cells = [
      `\`${name}\``,
      title,
      `\`${provider?.oisp}\``,
      `\`${provider?.otel}\``,
      hosts.join(', '),
      known.join(', '),
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  return `| name | provider | OISP | OpenTelemetry | hosts | models |\n|---|---|---|---|---|---|\n${rows.join('')}`;
}

const check = process.argv.includes('--check');
for (const { path, text } of await generate()) {
  if ((await read(path)) === text) continue;
  if (check) {
    process.stderr.write(`${path} is stale; run npm run gen\n`);
    process.exitCode = 1;
  } else {
    await writeFile(new URL(path, root), text);
    process.stdout.write(`${path}\n`);
  }
}
