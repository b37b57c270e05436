/**
 * Writes the files that follow from the sources, or with `--check` fails when one of them is stale.
 *
 *   npx tsx scripts/gen.ts [--check]
 */
import { readFile, writeFile } from 'node:fs/promises';
import { connectors } from '../connectors/index.ts';
import { configJsonSchema } from '../core/config/json-schema.ts';
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
  return [
    { path: 'schema/collector.schema.json', text: `${JSON.stringify(schema, null, 2)}\n` },
    { path: 'core/version.ts', text: source.replace(/version: '[^']*'/, `version: '${version}'`) },
  ];
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
