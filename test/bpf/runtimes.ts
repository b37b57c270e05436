import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { skipsWithout } from '../require.ts';

const addon = fileURLToPath(new URL('../../native/ebpf/build/linux-x64/sensor.node', import.meta.url));

/** Whether tests in the kernel are skipped here: they need root, the addon and the kernel's types. */
export function skipsWithoutKernel(): boolean {
  const isThere =
    process.platform === 'linux' &&
    process.geteuid?.() === 0 &&
    existsSync(addon) &&
    existsSync('/sys/kernel/btf/vmlinux');
  return skipsWithout('ebpf', isThere, 'run scripts/build-native.sh --install, as root');
}

/** The interpreter behind `python3`, and the TLS libraries that it loads. */
export function pythonOf(): { python: string; libraries: string[] } {
  const script = `import ssl, sys, re, json
maps = open('/proc/self/maps').read()
print(json.dumps({'python': sys.executable, 'libraries': sorted(set(re.findall(r'/\\S*/lib(?:ssl|crypto)\\.so\\S*', maps)))}))`;
  return JSON.parse(execFileSync('python3', ['-c', script], { encoding: 'utf8' })) as ReturnType<typeof pythonOf>;
}
