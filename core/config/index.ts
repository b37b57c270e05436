/** The door of core/config: a config from its sources to decoded components, and the problems on the way. */
export * from './schema.ts';
export * from './types.ts';
