/** The door of core/service: a configured collector that starts, reloads and stops. */
export { loadService } from './load.ts';
export { checkGraph, type RunOutcome, Service, type ServiceOptions } from './service.ts';
