import { expect, test } from 'vitest';
import { configPlaces } from '../../cli/config-folders.ts';

test.each([
  {
    platform: 'linux',
    env: {},
    want: ['/home/u/.config/oisp-collector/collector.yaml', '/etc/oisp-collector/collector.yaml'],
  },
  {
    platform: 'linux',
    env: { XDG_CONFIG_HOME: '/x' },
    want: ['/x/oisp-collector/collector.yaml', '/etc/oisp-collector/collector.yaml'],
  },
  {
    platform: 'darwin',
    env: {},
    want: [
      '/home/u/Library/Application Support/oisp-collector/collector.yaml',
      '/Library/Application Support/oisp-collector/collector.yaml',
    ],
  },
  {
    platform: 'win32',
    env: { APPDATA: 'C:\\Users\\u\\AppData\\Roaming', PROGRAMDATA: 'C:\\ProgramData' },
    want: [
      'C:\\Users\\u\\AppData\\Roaming\\oisp-collector\\collector.yaml',
      'C:\\ProgramData\\oisp-collector\\collector.yaml',
    ],
  },
] as const)('on $platform a config is looked for in $want.0', ({ platform, env, want }) => {
  expect(configPlaces({ platform, env, home: '/home/u' })).toEqual(want);
});
