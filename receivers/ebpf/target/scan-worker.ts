import { parentPort } from 'node:worker_threads';
import { openRegular } from './cache.ts';
import { discover } from './discover.ts';
import type { ScanAnswer } from './scan.ts';

/** The thread of a Scanner: a path comes in, an answer goes out. */
parentPort?.on('message', (path: string) => parentPort?.postMessage(scan(path)));

function scan(path: string): ScanAnswer {
  try {
    const open = openRegular(path);
    if (open === undefined) return { discovery: { kind: 'none', needed: [] } };
    try {
      return { discovery: discover(open.source), identity: open.identity };
    } finally {
      open.close();
    }
  } catch (error) {
    return { discovery: { kind: 'unsupported_build', library: 'unknown', reason: reasonOf(error) } };
  }
}

/** The code of a system error; messages of these name paths. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
  return `the file cannot be read: ${code}`;
}
