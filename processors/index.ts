import type { ProcessorDefinition } from '../core/index.ts';
import { correlateProcessor } from './correlate/index.ts';
import { redactProcessor } from './redact/index.ts';

/** The processors that come with the collector. */
export const processors: readonly ProcessorDefinition[] = [redactProcessor, correlateProcessor];
