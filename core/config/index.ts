/** The door of core/config: a config from its sources to decoded components, and the problems on the way. */
export { formatDuration, parseDuration } from './duration.ts';
export { loadConfig } from './load.ts';
export { printConfig } from './print.ts';
export { formatProblem } from './problem.ts';
export { resolveConfig } from './resolve.ts';
export * from './schema.ts';
export { formatSize, parseSize } from './size.ts';
export * from './types.ts';
