import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadProviders } from '../../core/index.ts';
import { SENSOR, SITE } from './bundles.ts';
import { runProgram } from './io.ts';

const cwd = mkdtempSync(join(tmpdir(), 'oisp-providers-cli-'));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, 'site.json'), JSON.stringify(SITE));
writeFileSync(join(cwd, 'sensor.json'), JSON.stringify(SENSOR));

const run = (...argv: string[]) => runProgram(argv, { cwd });

describe('providers list', () => {
  test('prints a line for each provider', async () => {
    const { code, out, err } = await run('providers', 'list');
    expect([code, err]).toEqual([0, '']);
    const [head, ...lines] = out.trimEnd().split('\n');
    expect(head).toMatch(/^NAME +PROVIDER +OISP +OTEL +MODELS +PRICED +PRICES OF +HOSTS$/);
    expect(lines.find((line) => line.startsWith('openai '))).toMatch(
      /^openai +OpenAI +openai +openai +\d+ +\d+ +\d{4}-\d\d-\d\d(?: to \d{4}-\d\d-\d\d)? +api\.openai\.com, /,
    );
    expect(lines.find((line) => line.startsWith('vllm '))).toMatch(/~localhost:8000$/);
    expect(lines.find((line) => line.startsWith('google_vertex '))).toMatch(/ google, anthropic, \.\.\. /);
  });

  test('lays a file over them', async () => {
    writeFileSync(join(cwd, 'mine.yaml'), 'providers:\n  corp: {title: Corp, hosts: [ai.corp.local]}\n');
    const { code, out } = await run('providers', 'list', '--providers-file', 'mine.yaml');
    expect(code).toBe(0);
    expect(out).toMatch(/^corp +Corp +other +corp +0 +0 +- +ai\.corp\.local$/m);
  });

  test('prints an object for each with --json', async () => {
    const { out } = await run('providers', 'list', '--json');
    const objects = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; models: object[] });
    expect(objects.map(({ name }) => name)).toContain('aws_bedrock');
    expect(objects.find(({ name }) => name === 'anthropic')?.models[0]).toHaveProperty('prices');
  });

  test('says what is wrong with a file', async () => {
    writeFileSync(join(cwd, 'bad.yaml'), 'providers:\n  corp: {hosts: ["*.com"]}\n');
    const { code, err } = await run('providers', 'list', '--providers-file', 'bad.yaml');
    expect(code).toBe(1);
    expect(err).toMatch(/bad\.yaml:2:18 .*takes too many hosts/);
  });
});

describe('providers import', () => {
  test('writes a file that decode takes, and says what it took', async () => {
    const { code, out, err } = await run('providers', 'import', 'site.json', '-o', 'out.yaml');
    expect([code, out]).toEqual([0, '']);
    expect(err).toContain('OISP bundle 2.0.0 of 2026-01-06: took 3 providers, 3 hosts, 1 models (1 with a price).');
    expect(err).toContain('Left out models whose id a file cannot hold: 302ai/a::b.');
    const registry = loadProviders({ providers_file: join(cwd, 'out.yaml') });
    expect(registry.providerOf('eu.region.newcloud.example', 443)?.name).toBe('newcloud');
    expect(registry.modelOf('moonshot', 'kimi-z')).toMatchObject({ source: 'OISP bundle 2.0.0', date: '2026-01-06' });
    expect(readdirSync(cwd).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('prints the file without -o, and leaves models with --hosts-only', async () => {
    const { out, err } = await run('providers', 'import', 'sensor.json', '--hosts-only');
    expect(out).toContain('hosts: ["api.newcloud.example","eu-*.newcloud.example"]');
    expect(out).not.toContain('models:');
    expect(err).toContain('took 3 providers, 4 hosts, 0 models (0 with a price).');
  });

  test.each([
    ['none.json', undefined, 'cannot read none.json: no such file or directory'],
    ['text.json', 'not JSON with a secret', 'text.json is no JSON'],
    ['deep.json', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, /deep\.json is no /],
    ['other.json', '{"models":{}}', 'other.json is no OISP bundle: it has neither domain_index nor domain_lookup'],
  ])('refuses %s and writes nothing', async (name, text, message) => {
    if (text !== undefined) writeFileSync(join(cwd, name), text);
    const { code, out, err } = await run('providers', 'import', name, '-o', 'never.yaml');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('secret');
    expect(existsSync(join(cwd, 'never.yaml'))).toBe(false);
  });
});

test('a config with a wrong file of providers is refused with both places', async () => {
  writeFileSync(join(cwd, 'wrong.yaml'), 'providers:\n  corp:\n    hosts: ["*.com"]\n');
  const config = `receivers:
  jsonl: {path: ${join(cwd, 'in.jsonl')}}
processors:
  decode:
    providers_file: ${join(cwd, 'wrong.yaml')}
    hosts: {a.corp.local: opnai}
  redact:
  correlate:
exporters:
  debug:
service:
  pipelines:
    traces: {receivers: [jsonl], processors: [decode, redact, correlate], exporters: [debug]}
`;
  writeFileSync(join(cwd, 'in.jsonl'), '');
  writeFileSync(join(cwd, 'collector.yaml'), config);
  const first = await run('validate', '--config', 'collector.yaml');
  expect(first.code).toBe(1);
  expect(first.err).toMatch(/collector\.yaml:5:\d+ .*wrong\.yaml:3:13 .*"\*\.com" takes too many hosts/);
  writeFileSync(join(cwd, 'wrong.yaml'), readFileSync(join(cwd, 'mine.yaml')));
  const second = await run('validate', '--config', 'collector.yaml');
  expect(second.err).toMatch(
    /collector\.yaml:6:\d+ .*"opnai" is neither a provider nor a host of one; did you mean "openai"\?/,
  );
  writeFileSync(join(cwd, 'collector.yaml'), config.replace('opnai', 'corp'));
  expect(await run('validate', '--config', 'collector.yaml')).toEqual({ code: 0, out: '', err: '' });
});
