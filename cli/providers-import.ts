import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { CommandError, EXIT, reasonOf } from './io.ts';
import { importBundle } from './oisp-bundle.ts';
import { importReport, providersText } from './providers-text.ts';

/** Largest bundle, in bytes: fifty times those in circulation. */
const MAX_BUNDLE = 64 * 1024 * 1024;

/** `oisp-collector providers import`: an OISP bundle as a file of providers. */
export const providersImport: Command = {
  name: 'providers import',
  summary: 'Turns an OISP bundle into a file of providers.',
  about: `Reads a bundle of any form that the OISP sensor, the OISP spec or its site has. The file is for providers_file of decode and ebpf. What was taken
and what was not stands on standard error. Models of a bundle replace those that ship with the program; --hosts-only leaves them.`,
  usage: 'BUNDLE [-o FILE] [--hosts-only]',
  flags: {
    output: { type: 'string', short: 'o', value: 'FILE', help: 'Writes the file there in place of standard output.' },
    'hosts-only': { type: 'boolean', help: 'Takes providers and hosts, no models and prices.' },
  },
  positionals: [1, 1],
  run: async (args, io) => {
    const named = args.positionals[0] ?? '';
    const bundle = importBundle(withoutModels(await readBundle(resolve(io.cwd, named), named), args.is('hosts-only')));
    if (bundle === undefined)
      throw new CommandError(`${named} is no OISP bundle: it has neither domain_index nor domain_lookup`);
    const text = providersText(bundle);
    const output = args.string('output');
    if (output === undefined) io.out(text);
    else await replace(resolve(io.cwd, output), output, text);
    io.err(importReport(bundle));
    return EXIT.done;
  },
};

async function readBundle(path: string, named: string): Promise<unknown> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_BUNDLE) throw new CommandError(`${named} is larger than ${MAX_BUNDLE} bytes`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`cannot read ${named}: ${reasonOf(error)}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    // what the parser says quotes the text
    throw new CommandError(`${named} is no JSON`);
  }
}

function withoutModels(bundle: unknown, isWanted: boolean): unknown {
  if (!isWanted || typeof bundle !== 'object' || bundle === null || Array.isArray(bundle)) return bundle;
  return { ...bundle, models: {} };
}

/** Never leaves half a file. */
async function replace(path: string, named: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  try {
    await writeFile(part, text, { flag: 'wx', mode: 0o644 });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw new CommandError(`cannot write ${named}: ${reasonOf(error)}`);
  }
}
