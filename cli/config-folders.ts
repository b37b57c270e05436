import { existsSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { Io } from './io.ts';

/** Where a config is looked for when none is named: the user's folder, then the system's. */
export function configPlaces(io: Pick<Io, 'env' | 'platform' | 'home'>): string[] {
  const { env, platform, home } = io;
  const file = ['oisp-collector', 'collector.yaml'] as const;
  if (platform === 'win32') {
    const user = env['APPDATA'] ?? win32.join(home, 'AppData', 'Roaming');
    return [win32.join(user, ...file), win32.join(env['PROGRAMDATA'] ?? 'C:\\ProgramData', ...file)];
  }
  if (platform === 'darwin') {
    return [
      posix.join(home, 'Library', 'Application Support', ...file),
      posix.join('/Library/Application Support', ...file),
    ];
  }
  const user = env['XDG_CONFIG_HOME'] || posix.join(home, '.config');
  return [posix.join(user, ...file), posix.join('/etc', ...file)];
}

/** The first config that is there. */
export function findConfig(io: Pick<Io, 'env' | 'platform' | 'home'>): string | undefined {
  return configPlaces(io).find((path) => existsSync(path));
}
