import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** What starts a test server, and how it is known that it listens. */
export interface Launch {
  readonly name: string;
  readonly binary: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Asked again and again until each has answered with a success. */
  readonly ready: readonly (() => Promise<Response>)[];
  /** `SIGTERM`, with `SIGKILL` after five seconds, or `SIGKILL` at once for a server that does not end by itself. */
  readonly signal: 'SIGTERM' | 'SIGKILL';
}

/** Starts a server and waits until it answers; gives back what ends it. The error says what it printed when it ends instead. */
export async function launch(what: Launch): Promise<() => Promise<void>> {
  const env = { ...process.env, ...what.env };
  const child = spawn(what.binary, what.args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (part: Buffer) => (printed += part.toString()));
  child.stderr.on('data', (part: Buffer) => (printed += part.toString()));
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const stop = async (): Promise<void> => {
    child.kill(what.signal);
    const force = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(force);
  };
  try {
    for (const ask of what.ready) await answers(ask, child);
  } catch (error) {
    await stop();
    throw new Error(`${what.name} did not start: ${printed}`, { cause: error });
  }
  return stop;
}

async function answers(ask: () => Promise<Response>, child: ChildProcess): Promise<void> {
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

/** An empty OTLP request: a receiver that listens takes it. */
export function postNothing(otlp: string): Promise<Response> {
  return fetch(`${otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
}

/** Ports that are free now; another program may still take one before they are used. */
export async function freePorts(count: number): Promise<number[]> {
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
