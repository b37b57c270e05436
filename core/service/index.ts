/** The door of core/service: a configured collector that starts, reloads and stops. */
export * from './service.ts';
