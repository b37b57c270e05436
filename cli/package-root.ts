import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError, type Io } from './io.ts';

/** The folder of this package, whether the program runs from its source or from `dist`. */
function packageRoot(from: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (typeof parsed === 'object' && parsed !== null && 'name' in parsed && parsed.name === 'oisp-collector')
        return folder;
    }
    if (dirname(folder) === folder)
      throw new CommandError('the files that ship with oisp-collector are missing; install it again');
  }
}

/** The environment as configs see it: `OISP_DEMO_RECORDING` is the recording that ships with the program, unless it is set. */
export function configEnv(env: Io['env']): Io['env'] {
  return { OISP_DEMO_RECORDING: escaped(shipped('configs', 'demo', 'session.jsonl.gz')), ...env };
}

/** Text that substitution leaves as it is. */
export function escaped(text: string): string {
  return text.replaceAll('$', () => '$$');
}

/** A file that ships with the program, by its path in the package. */
export function shipped(...path: readonly string[]): string {
  return join(packageRoot(), ...path);
}
