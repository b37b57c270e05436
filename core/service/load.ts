import { loadConfig } from '../config/load.ts';
import type { LoadOptions, LoadResult } from '../config/types.ts';
import { checkGraph } from './service.ts';

/** Loads a config and checks its graph too: all problems that can be said before anything is made, each with its place. */
export function loadService(options: Omit<LoadOptions, 'check'>): Promise<LoadResult> {
  return loadConfig({ ...options, check: (config) => checkGraph(config).problems });
}
