import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, loadNative, MODE, type Native } from '../kernel/native.ts';
import type { Trial } from './machine.ts';

const PAGE = 4096;

/**
 * Loads the sensor and probes a file that nobody runs, then takes both back: nothing is observed. Takes 1 to 2 s of the kernel's checks, and
 * throws nothing.
 */
export async function tryOut(load: () => Native = loadNative): Promise<Trial> {
  let native: Native;
  try {
    native = load();
  } catch (missing) {
    return { missing };
  }
  let refused: unknown;
  for (const mode of ['multi', 'perf'] as const) {
    let handle: number;
    try {
      handle = native.open(MODE[mode], PAGE);
    } catch (error) {
      refused ??= error;
      if (errnoOf(error) === 'EPERM' || errnoOf(error) === 'ENOMEM') break;
      continue;
    }
    try {
      await probe(native, handle);
      return { mode };
    } catch (error) {
      return { mode, refused: error };
    } finally {
      native.close(handle);
    }
  }
  return { refused };
}

async function probe(native: Native, handle: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oisp-doctor-'));
  try {
    const file = join(folder, 'code');
    writeFileSync(file, Buffer.alloc(PAGE, 0x90)); // nop
    const link = native.attach(handle, 'tls_entry', file, BigUint64Array.of(64n), BigUint64Array.of(0n), false);
    await native.detach(handle, [link]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
