/** `npm run bench`: every bench in turn, each with its own table. Ends with 1 when one misses its bar. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const benches = ['encoder.ts', 'redact.ts', 'jsonl.ts', 'decode.ts', 'correlate.ts', 'path.ts', 'ebpf.ts'];
let missed = 0;
for (const name of benches) {
  console.log(`\n== ${name}`);
  const done = spawnSync(process.execPath, ['--import', 'tsx', join(import.meta.dirname, name)], { stdio: 'inherit' });
  if (done.status !== 0) missed++;
}
console.log(missed === 0 ? '\nall bars met' : `\n${missed} of ${benches.length} benches missed a bar`);
process.exitCode = missed === 0 ? 0 : 1;
