import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { skipsWithoutKernel } from '../bpf/runtimes.ts';
import { hasBun } from '../bun.ts';
import { type Compared, compare } from '../clients/compare.ts';
import { hasClients } from '../clients/install.ts';
import { type Observed, observeClients } from '../clients/stage.ts';
import { tableOf } from '../clients/table.ts';
import { isRequired, skipsWhere, skipsWithout } from '../require.ts';
import { build, repo } from './program.ts';

const areSkipped =
  skipsWithoutKernel() ||
  skipsWithout('clients', hasClients() && hasBun(), 'npx tsx test/clients/install.ts fetches them') ||
  skipsWhere(!process.version.startsWith('v20.'), 'the first of the runtimes is Node 20');

/** All of them take most of a minute: elsewhere a few stand for them. */
const isWhole = isRequired('clients');
const isPart = skipsWhere(!areSkipped && !isWhole, 'all AI SDKs are run where OISP_REQUIRE names clients: a few were');

describe.skipIf(areSkipped)('AI SDKs on Node, Bun and Python, live', () => {
  let observed: Observed;
  let compared: readonly Compared[];
  let spurious: readonly unknown[];
  beforeAll(async () => {
    await build();
    observed = await observeClients(isWhole ? 'all' : 'few');
    ({ compared, spurious } = compare(observed.told, observed.served, observed.events));
  }, 240_000);

  it('end well under the collector', () => {
    expect(observed.complaints).toEqual([]);
    expect(observed.ended.code, observed.ended.stderr).toBe(0);
    expect(observed.told).toHaveLength(observed.served.length);
  });

  it('are seen as they report their calls themselves', () => {
    const wrong = compared.filter(({ differences }) => differences.length > 0);
    const named = wrong.map(({ told, served, differences }) =>
      [told.client, told.runtime, told.host, told.scenario, served.protocol, served.coding, ...differences].join(' | '),
    );
    expect(named).toEqual([]);
  });

  it('make no call in the events that they did not make', () => {
    expect(spurious).toEqual([]);
  });

  it.skipIf(isPart)('speak HTTP/1.1 and HTTP/2, in every coding', () => {
    const seen = (of: (one: Compared) => string): string[] =>
      [...new Set(compared.map(of))].sort((a, b) => a.localeCompare(b));
    expect(seen(({ served }) => served.protocol)).toEqual(['1.1', '2.0']);
    expect(seen(({ served }) => served.coding)).toEqual(['br', 'deflate', 'gzip', 'identity', 'zstd']);
  });

  it.skipIf(isPart)('have the table in docs/accuracy-live.md', () => {
    expect(readFileSync(join(repo, 'docs/accuracy-live.md'), 'utf8')).toContain(tableOf(compared));
  });
});
