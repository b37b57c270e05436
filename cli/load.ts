import { readFile, stat } from 'node:fs/promises';
import {
  formatProblem,
  type LoadResult,
  loadService,
  type Problem,
  type Registry,
  type ServiceConfig,
} from '../core/index.ts';
import { CommandError, type Io } from './io.ts';
import { configEnv } from './package-root.ts';

/** Where a config comes from. */
export interface Wanted {
  readonly sources: readonly string[];
  readonly sets: readonly string[];
}

/** Reads a config and checks all that can be said before it runs. */
export function load(wanted: Wanted, registry: Registry, io: Io): Promise<LoadResult> {
  return loadService({
    sources: wanted.sources,
    sets: wanted.sets,
    registry,
    env: configEnv(io.env),
    cwd: io.cwd,
    readFile: (path) => readFile(path, 'utf8'),
    ...(io.euid === undefined ? {} : { euid: io.euid, stat: (path: string) => stat(path) }),
  });
}

/** The config, or all its problems as one `CommandError`. Warnings go to `io.err`. */
export async function loadOrFail(wanted: Wanted, registry: Registry, io: Io): Promise<ServiceConfig> {
  const { config, problems } = await load(wanted, registry, io);
  if (!config) throw new CommandError(problemsText(problems));
  for (const problem of problems) io.err(`${formatProblem(problem)}\n`);
  return config;
}

/** All problems, errors and warnings in the order of the file. */
function problemsText(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}
