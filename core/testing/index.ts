/** For tests of components, ours and those of plugins. */
export * from './builders.ts';
export * from './config.ts';
export * from './conformance.ts';
export * from './fake-clock.ts';
export * from './sinks.ts';
