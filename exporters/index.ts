import type { ExporterDefinition } from '../core/index.ts';
import { debugExporter } from './debug/index.ts';
import { jsonlExporter } from './jsonl/index.ts';
import { otlpHttpExporter } from './otlp_http/index.ts';

/** Every exporter that ships with the program. */
export const exporters: readonly ExporterDefinition[] = [debugExporter, jsonlExporter, otlpHttpExporter];
