import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { METRICS } from '../../../core/telemetry/metrics.ts';

const root = join(import.meta.dirname, '../../..');

/** Every word in the sources that is a metric's name: in a string literal of its own. */
function namesInSources(): Map<string, string> {
  const found = new Map<string, string>();
  for (const folder of ['core', 'receivers', 'processors', 'exporters', 'connectors']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('metrics.ts')) continue;
      const text = readFileSync(join(root, folder, name), 'utf8');
      // decode makes the names of its numbers of a prefix and a word
      if (folder === 'processors' && name.startsWith('decode'))
        for (const [, word] of text.matchAll(/\b(?:count|warn)\((?:'[^']*\.', )?'([a-z_]+)'/g))
          if (word !== undefined) found.set(`oisp_decode_${word}`, join(folder, name));
      for (const [, metric] of text.matchAll(/['"`]((?:oisp|otelcol)_[a-z0-9_]+)['"`]/g)) {
        if (metric !== undefined && !NO_METRICS.has(metric)) found.set(metric, join(folder, name));
      }
    }
  }
  return found;
}

/** Words that look like a metric's name. */
const NO_METRICS = new Set(['oisp_version']);

test('every number in the sources is declared with unit and meaning', () => {
  const declared = new Set(METRICS.map((metric) => metric.name));
  const missing = [...namesInSources()]
    .filter(([name]) => !declared.has(name))
    .map(([name, file]) => `${name} in ${file}`);
  expect(missing).toEqual([]);
});

test('names are unique, and each has a unit and a sentence', () => {
  expect(new Set(METRICS.map((metric) => metric.name)).size).toBe(METRICS.length);
  for (const { name, unit, meaning } of METRICS) {
    expect(name).toMatch(/^(oisp|otelcol)_[a-z0-9_]+$/);
    expect(unit).not.toBe('');
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  }
});
