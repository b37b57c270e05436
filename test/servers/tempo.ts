import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, launch, postNothing } from './server.ts';

const binary = fileURLToPath(new URL('tempo/tempo', import.meta.url));
const config = fileURLToPath(new URL('tempo.yaml', import.meta.url));

/** A Tempo of our own: base URLs of its query API, which also has its metrics, and of its OTLP receiver. */
export interface Tempo {
  readonly query: string;
  readonly otlp: string;
  stop(): Promise<void>;
}

/** Whether `test/servers/build.sh` has made the binary. */
export function tempoIsBuilt(): boolean {
  return existsSync(binary);
}

/** Starts Tempo on three free ports with a folder of its own, and waits until it is ready. */
export async function startTempo(): Promise<Tempo> {
  const [queryPort, otlpPort, grpcPort] = await freePorts(3);
  const query = `http://127.0.0.1:${queryPort}`;
  const otlp = `http://127.0.0.1:${otlpPort}`;
  const data = mkdtempSync(join(tmpdir(), 'oisp-tempo-'));
  const removeData = (): void => rmSync(data, { recursive: true, force: true });
  try {
    const end = await launch({
      name: 'Tempo',
      binary,
      args: [`-config.file=${config}`, '-config.expand-env=true'],
      env: {
        TEMPO_QUERY_PORT: String(queryPort),
        TEMPO_OTLP_PORT: String(otlpPort),
        TEMPO_GRPC_PORT: String(grpcPort),
        TEMPO_DATA: data,
      },
      ready: [() => fetch(`${query}/ready`), () => postNothing(otlp)],
      // once it was asked something, SIGTERM often leaves it waiting for ever; its data is thrown away with the folder
      signal: 'SIGKILL',
    });
    const stop = async (): Promise<void> => {
      await end();
      removeData();
    };
    return { query, otlp, stop };
  } catch (error) {
    removeData();
    throw error;
  }
}
