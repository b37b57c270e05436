import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts, launch, postNothing } from './server.ts';

const binary = fileURLToPath(new URL('jaeger/jaeger', import.meta.url));
const config = fileURLToPath(new URL('jaeger.yaml', import.meta.url));

/** A Jaeger of our own: base URLs of its query APIs and of its OTLP receiver. */
export interface Jaeger {
  readonly query: string;
  readonly otlp: string;
  stop(): Promise<void>;
}

/** Whether `test/servers/build.sh` has made the binary. */
export function jaegerIsBuilt(): boolean {
  return existsSync(binary);
}

/** Starts Jaeger on two free ports and waits until both answer. */
export async function startJaeger(): Promise<Jaeger> {
  const [queryPort, otlpPort] = await freePorts(2);
  const query = `http://127.0.0.1:${queryPort}`;
  const otlp = `http://127.0.0.1:${otlpPort}`;
  const stop = await launch({
    name: 'Jaeger',
    binary,
    args: ['--config', config],
    env: { JAEGER_QUERY_PORT: String(queryPort), JAEGER_OTLP_PORT: String(otlpPort) },
    ready: [() => fetch(`${query}/api/services`), () => postNothing(otlp)],
    signal: 'SIGTERM',
  });
  return { query, otlp, stop };
}
