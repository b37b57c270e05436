import fs from 'node:fs';
import { total } from '../src/ledger.mjs';
import { note } from './note.mjs';

const got = total([1999, 251], 0.07);
const line = got === 2408 ? 'ok 1 - total rounds to the nearest cent' : `not ok 1 - total: expected 2408, got ${got}`;
console.log(line);
fs.writeFileSync('test-report.txt', `${line}\n`);
const files = [
  { path: fs.realpathSync('src/ledger.mjs'), op: 'read' },
  { path: fs.realpathSync('test-report.txt'), op: 'write' },
];
process.exitCode = got === 2408 ? 0 : 1;
note({ files, exit_code: process.exitCode });
