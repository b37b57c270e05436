import { readFile } from 'node:fs/promises';
import { arch, hostname, platform, release } from 'node:os';
import { digest, type HostInfo } from '../../core/index.ts';

/** Where facts about this machine come from. Names are Node's (`process.platform`, `os.arch()`). */
export interface Machine {
  readonly hostname: string;
  readonly platform: string;
  readonly arch: string;
  readonly release: string;
  /** The text of a file; undefined when it cannot be read. */
  readText(path: string): Promise<string | undefined>;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    hostname: hostname(),
    platform: platform(),
    arch: arch(),
    release: release(),
    readText: (path) => readFile(path, 'utf8').catch(() => undefined), // a fact that is not there is told by the caller
  };
}

const OS: Readonly<Record<string, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
  freebsd: 'freebsd',
};
const ARCH: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', arm: 'arm', ia32: 'i686' };

/** `host` of an OISP event, with the words of its schema; what cannot be told is left out. */
export async function hostOf(machine: Machine): Promise<HostInfo> {
  const [id, boot, release, releaseOfVendor] = await Promise.all([
    machine.readText('/etc/machine-id'),
    machine.readText('/proc/sys/kernel/random/boot_id'),
    machine.readText('/etc/os-release'),
    machine.readText('/usr/lib/os-release'),
  ]);
  const fields: Record<string, string | undefined> = {
    hostname: machine.hostname || undefined,
    device_id: deviceId(id),
    os: OS[machine.platform] ?? 'other',
    os_version: osVersion(release ?? releaseOfVendor),
    arch: ARCH[machine.arch] ?? 'other',
    kernel_version: machine.release || undefined,
    boot_id: /^[0-9a-f-]{36}$/.exec(boot?.trim() ?? '')?.[0],
  };
  return Object.freeze(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
}

/**
 * 32 hex digits that stand for the machine. The machine id itself is confidential and only leaves as a hash that is particular to its user
 * (machine-id(5), systemd 257): SHA-256 over a name of ours, NUL and the id, cut to 128 bits.
 */
function deviceId(machineId: string | undefined): string | undefined {
  const id = machineId?.trim() ?? '';
  return /^[0-9a-f]{32}$/.test(id) ? digest('oisp.device.v1', id).toString('hex').slice(0, 32) : undefined;
}

/** The name for people, as os-release(5) has it; without one the name and version. */
function osVersion(text = ''): string | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, unquoted(value));
  }
  const named = [fields.get('NAME'), fields.get('VERSION_ID')].filter((word) => word).join(' ');
  return fields.get('PRETTY_NAME') || named || undefined;
}

function unquoted(value: string): string {
  const inner = /^"(.*)"$|^'(.*)'$/.exec(value);
  return (inner?.[1] ?? inner?.[2] ?? value).replace(/\\(["$`\\])/g, '$1');
}

/** Names by uid of a passwd(5) text; the first entry of a uid counts, as in getpwuid(3). */
export function usersOf(passwd: string): ReadonlyMap<number, string> {
  const users = new Map<number, string>();
  for (const line of passwd.split('\n')) {
    const [name, , uid = ''] = line.split(':');
    if (!name || name.startsWith('#') || !/^\d{1,10}$/.test(uid) || users.has(Number(uid))) continue;
    users.set(Number(uid), name);
  }
  return users;
}
