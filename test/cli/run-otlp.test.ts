import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadWithFake } from './fake-ebpf.ts';
import { runProgram } from './io.ts';
import { RECORDING } from './spawned.ts';

vi.mock(import('../../cli/registry.ts'), async (original) => {
  const { loadRegistry } = await original();
  return { loadRegistry: () => loadWithFake(loadRegistry) };
});

const folder = mkdtempSync(join(tmpdir(), 'oisp-otlp-'));
const SOURCE = ['--set', `receivers.jsonl.path=${RECORDING}`, '--set', 'service.pipelines.traces.receivers=[jsonl]'];
const env = { PATH: '/bin:/usr/bin' };

/** Takes whatever is posted, and remembers where. */
let server: Server;
const posted: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    posted.push(request.url);
    request.resume().on('end', () => response.setHeader('content-type', 'application/x-protobuf').end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test('run --otlp sends the spans, and prints no tree', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, out, err } = await runProgram(['run', '--otlp', url, ...SOURCE, '--', 'true'], { env });
  expect([code, out, err]).toEqual([0, '', '']);
  expect(new Set(posted)).toEqual(new Set(['/v1/traces']));
});

test('with --output the trees go to the file as well', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const trees = join(folder, 'trees.txt');
  posted.length = 0;
  const ran = await runProgram(['run', '--otlp', url, '-o', trees, ...SOURCE, '--', 'true'], { env });
  expect(ran).toEqual({ code: 0, out: '', err: '' });
  expect(posted).toContain('/v1/traces');
  expect(readFileSync(trees, 'utf8')).toContain('invoke_agent harbor-agent');
});
