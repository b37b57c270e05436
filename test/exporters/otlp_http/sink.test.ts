import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { type Context, type Exporter, systemClock } from '../../../core/index.ts';
import type { Config } from '../../../exporters/otlp_http/config.ts';
import { otlpHttpExporter } from '../../../exporters/otlp_http/index.ts';
import { configOf, HOST, rigOf } from '../../core/export/rig.ts';
import { recordsOf } from '../../core/otel/decode.ts';
import { spanOf } from '../../core/otel/spans.ts';
import { skipsWithoutData } from '../../require.ts';

const sink = resolve(import.meta.dirname, '../../../../shared/tools/otlp-sink.mjs');
const { create } = otlpHttpExporter as unknown as { create(context: Context, config: Config): Exporter };

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^listening (\d+)/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('the sink did not start');
}

// Needs the sink beside the repository; skipped where it is not there.
test.skipIf(skipsWithoutData('../shared/tools/otlp-sink.mjs', existsSync(sink))).each(['proto', 'json'] as const)(
  'a foreign server that fails at random ends up with every span that is not counted (%s)',
  async (encoding) => {
    const folder = mkdtempSync(join(tmpdir(), 'oisp-sink-'));
    const out = join(folder, 'out.jsonl');
    const faults = '503:0.1,429ra0:0.05,reset:0.05,lostack:0.05,partial:0.05,400:0.01';
    const child = spawn(process.execPath, [sink, '--port', '0', '--out', out, '--fail', faults], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const url = `http://127.0.0.1:${await portOf(child)}`;
      const { context, count } = rigOf({ id: 'otlp_http', pipeline: 'traces', clock: systemClock });
      const batch = { enabled: true, min_size: 1, max_size: 4000, flush_timeout: 1 };
      const exporter = create(context, {
        endpoint: url,
        encoding,
        semconv: '1.41',
        compression: 'gzip',
        headers: {},
        tls: { insecure_skip_verify: false, min_version: '1.2' },
        max_idle_conns: 10,
        idle_conn_timeout: 90_000,
        ...configOf({ queue_size: 20_000, batch }, { initial_interval: 1, max_interval: 5 }),
      });
      await exporter.start(HOST);
      const total = 2000;
      for (let n = 0; n < total; n += 4) {
        await exporter.consume({ signal: 'spans', spans: [n, n + 1, n + 2, n + 3].map((i) => spanOf(i)) });
      }
      while (count('otelcol_exporter_queue_size') > 0) await new Promise<void>((done) => setTimeout(done, 5));
      await exporter.shutdown(new AbortController().signal);
      const stored = readFileSync(out, 'utf8')
        .trimEnd()
        .split('\n')
        .flatMap((line) => recordsOf(JSON.parse(line)).map((span) => String(span['spanId'])));
      const unique = new Set(stored);
      const [sent, rejected, failed] = [
        'otelcol_exporter_sent',
        'oisp_exporter_rejected',
        'otelcol_exporter_send_failed',
      ].map((name) => count(`${name}_spans`)) as [number, number, number];
      expect(sent + rejected + failed).toBe(total);
      expect(rejected).toBeGreaterThan(0);
      // stored although the answer was lost and a later try refused: more may be stored than we know of, never less
      expect(unique.size).toBeGreaterThanOrEqual(sent);
      expect(unique.size).toBeLessThanOrEqual(total);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(folder, { recursive: true });
    }
  },
);
