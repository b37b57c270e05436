import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

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

/** Starts Jaeger on two free ports and waits until both answer; the error says what it printed when it ends instead. */
export async function startJaeger(): Promise<Jaeger> {
  const [queryPort, otlpPort] = await freePorts(2);
  const env = { ...process.env, JAEGER_QUERY_PORT: String(queryPort), JAEGER_OTLP_PORT: String(otlpPort) };
  const child = spawn(binary, ['--config', config], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (part: Buffer) => (printed += part.toString()));
  child.stderr.on('data', (part: Buffer) => (printed += part.toString()));
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const query = `http://127.0.0.1:${queryPort}`;
  const otlp = `http://127.0.0.1:${otlpPort}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(force);
  };
  try {
    await answers(() => fetch(`${query}/api/services`), child);
    const empty = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    await answers(() => fetch(`${otlp}/v1/traces`, empty), child);
  } catch (error) {
    await stop();
    throw new Error(`Jaeger did not start: ${printed}`, { cause: error });
  }
  return { query, otlp, stop };
}

async function answers(ask: () => Promise<Response>, child: { readonly exitCode: number | null }): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const response = await ask().catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    if (Date.now() > until) throw new Error('no answer within 30 s');
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** Ports that are free now; another program may still take one before they are used. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((found, failed) => {
          server.once('error', failed);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            found(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
