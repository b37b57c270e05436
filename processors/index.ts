import type { ProcessorDefinition } from '../core/index.ts';
import { correlateProcessor } from './correlate/index.ts';
import { decodeProcessor } from './decode/index.ts';
import { enrichProcessor } from './enrich/index.ts';
import { redactProcessor } from './redact/index.ts';

/** The processors that come with the collector. */
export const processors: readonly ProcessorDefinition[] = [
  decodeProcessor,
  enrichProcessor,
  redactProcessor,
  correlateProcessor,
];
