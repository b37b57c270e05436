import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TlsClientConfig } from '../../../core/index.ts';
import { Transport } from '../../../exporters/otlp_http/transport.ts';
import { skipsWithout } from '../../require.ts';

// Makes its own certificate; skipped where openssl is not there.
describe.skipIf(skipsWithout('openssl', spawnSync('openssl', ['version']).status === 0, 'scripts/setup-tests.sh'))(
  'https',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'oisp-tls-'));
    const ca_file = join(folder, 'cert.pem');
    const key_file = join(folder, 'key.pem');
    let server: https.Server;
    let url: URL;
    beforeAll(async () => {
      const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=backend.test';
      const names = ['-addext', 'subjectAltName=DNS:backend.test', '-keyout', key_file, '-out', ca_file];
      execFileSync('openssl', [...args.split(' '), ...names], { stdio: 'ignore' });
      server = https.createServer({ cert: readFileSync(ca_file), key: readFileSync(key_file) }, (request, response) => {
        request.resume().on('end', () => response.end('{}'));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`);
    });
    afterAll(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    });

    async function statusOf(more: Partial<TlsClientConfig>): Promise<number> {
      const tls = { insecure_skip_verify: false, min_version: '1.2' as const, ...more };
      const transport = new Transport({ tls, maxIdle: 1, idleTimeoutMs: 1000, headers: {} });
      await transport.open();
      try {
        return (await transport.post(url, Buffer.from('x'), {}, new AbortController().signal)).status;
      } finally {
        transport.close();
      }
    }

    test('a certificate that nobody vouches for is refused', async () => {
      await expect(statusOf({})).rejects.toMatchObject({ name: 'RetryableError', code: 'OTLP_UNREACHABLE' });
    });

    test('the right authority with the wrong name is refused', async () => {
      await expect(statusOf({ ca_file })).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
    });

    test('ca_file and server_name_override make it good', async () => {
      expect(await statusOf({ ca_file, server_name_override: 'backend.test' })).toBe(200);
    });

    test('insecure_skip_verify takes any', async () => {
      expect(await statusOf({ insecure_skip_verify: true, min_version: '1.3' })).toBe(200);
    });
  },
);
