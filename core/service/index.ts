/** The door of core/service: a configured collector that starts, reloads and stops. */
export { loadService } from './load.ts';
export { Service } from './service.ts';
