import type { BuildInfo } from './component.ts';

/** Name and version of this program; `npm run gen` keeps the version equal to package.json. */
export const BUILD: BuildInfo = { name: 'oisp-collector', version: '0.1.0' };
