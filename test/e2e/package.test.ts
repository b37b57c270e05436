import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, repo, run } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'oisp package '));
const modules = join(folder, 'a folder', 'node_modules');
const installed = join(modules, 'oisp-collector');
const elsewhere = join(folder, 'else where');
let server: Server;
let posted = 0;

/** The packed program, unpacked beside what it depends on, and a server that takes every request. */
beforeAll(async () => {
  await build();
  mkdirSync(installed, { recursive: true });
  mkdirSync(elsewhere);
  const packed = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]);
  expect(packed.code, packed.stderr).toBe(0);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  const unpacked = await run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
  expect(unpacked.code, unpacked.stderr).toBe(0);
  const { dependencies } = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) symlinkSync(join(repo, 'node_modules', name), join(modules, name));
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      posted++;
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true });
});

/** Runs the installed program in a folder that is not its own. */
function elsewhereRun(...args: readonly string[]) {
  const main = join(installed, 'dist', 'cli', 'main.js');
  const script = `cd "$1" && shift && exec "$@"`;
  return run('sh', ['-c', script, 'sh', elsewhere, process.execPath, main, ...args]);
}

test.each(['demo.yaml', 'jaeger.yaml', 'starter.yaml'])(
  'the installed configs/%s is valid from another folder',
  async (name) => {
    const { code, stdout, stderr } = await elsewhereRun('validate', '--config', join(installed, 'configs', name));
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  },
);

test('the installed configs/jaeger.yaml sends the recording from another folder', async () => {
  const endpoint = `exporters.otlp_http.endpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = join(installed, 'configs', 'jaeger.yaml');
  const { code, stderr } = await elsewhereRun('--config', config, '--set', endpoint);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('"lost":0');
  expect(posted).toBeGreaterThan(0);
});

test('the installed program shows its recording, and writes a config that runs as it is', async () => {
  const demo = await elsewhereRun('demo');
  expect(demo.code, demo.stderr).toBe(0);
  expect(demo.stdout).toContain('invoke_agent');
  expect((await elsewhereRun('config', 'init')).code).toBe(0);
  const own = await elsewhereRun('--config', 'collector.yaml');
  expect(own.code, own.stderr).toBe(0);
  expect(own.stdout).toContain('invoke_agent');
});
