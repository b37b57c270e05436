/** The public door of core: the only file of core that components and plugins import. */
export * from './batch.ts';
export * from './clock.ts';
export * from './component.ts';
export * from './config/schema.ts';
export * from './errors.ts';
export * from './event/ids.ts';
export * from './event/match.ts';
export { canonical, collapse, createMatcher } from './event/matcher.ts';
export * from './event/shell.ts';
export * from './event/time.ts';
export * from './event/types.ts';
export * from './log.ts';
export * from './otel/span.ts';
export * from './receipt.ts';
export * from './telemetry/meter.ts';
