import type { ConnectorDefinition } from '../core/index.ts';
import { forwardConnector } from './forward/index.ts';

/** Every connector that a config may name. */
export const connectors: readonly ConnectorDefinition[] = [forwardConnector];
