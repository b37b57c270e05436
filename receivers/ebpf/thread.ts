import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts a module beside `base` (the caller's `import.meta.url`) as a thread: the compiled one, or the TypeScript of a test or a script, which
 * a thread needs tsx for.
 */
export function startThread(base: string, name: string, workerData?: unknown): Worker {
  if (!base.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, base), { workerData });
  const loader = pathToFileURL(createRequire(base).resolve('tsx'));
  const tsx = new URL('./esm/api/index.mjs', loader).href;
  const module = new URL(`./${name}.ts`, base).href;
  const start = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(module)}); });`;
  return new Worker(start, { eval: true, execArgv: [], workerData });
}
