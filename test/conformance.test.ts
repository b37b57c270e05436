import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectors } from '../connectors/index.ts';
import type { Definition } from '../core/index.ts';
import { decodedBy, makeEvent, RULES, type Subject } from '../core/testing/index.ts';
import { exporters } from '../exporters/index.ts';
import { processors } from '../processors/index.ts';
import { receivers } from '../receivers/index.ts';
import { skipsWithoutKernel } from './bpf/runtimes.ts';

const folder = mkdtempSync(join(tmpdir(), 'oisp-conformance-'));
let files = 0;
let server: Server;

beforeAll(async () => {
  // takes whatever is posted: an OTLP answer without rejections is an empty message
  server = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/x-protobuf').end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

/** What a component cannot do without. Others run with their defaults. */
const NEEDS: Readonly<Record<string, () => object>> = {
  'receiver jsonl': () => {
    const path = join(folder, `in-${files++}.jsonl`);
    writeFileSync(path, `${JSON.stringify(makeEvent(1))}\n`);
    return { include: [path] };
  },
  // only what these tests start, which is nothing
  'receiver ebpf': () => ({ scope: 'tree', children: true, known_files: false, probe: { include: ['/nowhere'] } }),
  'exporter jsonl': () => ({ path: join(folder, `out-${files++}.jsonl`) }),
  'exporter otlp_http': () => ({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events: 'all',
  }),
};

const all: readonly Definition[] = [...receivers, ...processors, ...exporters, ...connectors];

test('every component has its own name among those of its kind', () => {
  const names = all.flatMap(({ kind, type, aliases = [] }) => [type, ...aliases].map((name) => `${kind} ${name}`));
  expect(new Set(names).size).toBe(names.length);
});

const cannotStart = new Set(skipsWithoutKernel() ? ['receiver ebpf'] : []);

describe.each(all.map((definition) => ({ name: `${definition.kind} ${definition.type}`, definition })))(
  '$name',
  ({ name, definition }) => {
    // the first rule reads the definition, all others start the component
    const rules = cannotStart.has(name) ? RULES.slice(0, 1) : RULES;
    test.each(rules.map((rule) => ({ about: rule.name, rule })))('$about', async ({ rule }) => {
      const config = decodedBy(definition.schema, NEEDS[name]?.());
      const subject: Subject = { definition, config: () => config };
      await rule.run(subject);
    });
  },
);
