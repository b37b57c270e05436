import type { Machine } from '../../../processors/enrich/machine.ts';

export const PASSWD = `# users
root:x:0:0:root:/root:/bin/bash
ada:x:1000:1000:Ada,,,:/home/ada:/bin/zsh
toor:x:0:0::/root:/bin/sh
+::::::
broken
bad:x:-1:0::/:/bin/false
`;

const FILES: Readonly<Record<string, string | undefined>> = {
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/proc/sys/kernel/random/boot_id': '0b9d1c52-6a3e-4f7b-8c1d-2e5f6a7b8c9d\n',
  '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n',
  '/etc/passwd': PASSWD,
};

/** A machine of these files. */
export function machineOf(files: Readonly<Record<string, string | undefined>> = {}): Machine {
  const all = new Map(Object.entries({ ...FILES, ...files }));
  return {
    hostname: 'quay',
    platform: 'linux',
    arch: 'x64',
    release: '6.1.0-28-amd64',
    readText: async (path) => all.get(path),
  };
}
