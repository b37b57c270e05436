/**
 * Runs the AI SDKs of test/clients under the built collector, compares what it saw with what they report, and writes docs/accuracy-live.md:
 * `npm run build && npx tsx scripts/accuracy-live.ts`, as root, after `scripts/build-native.sh` and `npx tsx test/clients/install.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from '../test/clients/compare.ts';
import { observeClients } from '../test/clients/stage.ts';
import { tableOf } from '../test/clients/table.ts';

const file = join(import.meta.dirname, '../docs/accuracy-live.md');
const observed = await observeClients();
for (const complaint of observed.complaints) console.error(complaint);
const { compared, spurious } = compare(observed.told, observed.served, observed.events);
for (const { told, served, differences } of compared)
  if (differences.length > 0)
    console.log([told.client, told.runtime, told.host, told.scenario, served.coding, ...differences].join(' | '));
const equal = compared.filter(({ differences }) => differences.length === 0).length;
console.log(`${equal} of ${compared.length} calls are equal, ${spurious.length} more were seen`);
const text = readFileSync(file, 'utf8');
const [first, last] = [text.indexOf('| client |'), text.lastIndexOf('|\n') + 1];
writeFileSync(file, text.slice(0, first) + tableOf(compared) + text.slice(last));
