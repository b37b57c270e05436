/** The door of core/graph: from a config to running components. */
export * from './build.ts';
export * from './flow.ts';
export * from './lifecycle.ts';
export * from './plan.ts';
