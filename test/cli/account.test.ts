import { expect, test } from 'vitest';
import { type Account, accountEnv, commandAccount, parseAccount } from '../../cli/account.ts';

const ANNA: Account = { uid: 1000, gid: 1000, name: 'anna', home: '/home/anna', shell: '/bin/zsh' };
const lookUp = (key: string) => (key === 'anna' || key === '1000' ? ANNA : undefined);

test.each([
  { line: 'anna:x:1000:1000:Anna,,,:/home/anna:/bin/zsh\n', want: ANNA },
  { line: 'x:x:1:2:::', want: { uid: 1, gid: 2, name: 'x' } },
  { line: '# comment', want: undefined },
  { line: 'x:x:-1:2::/:/bin/sh', want: undefined },
  { line: '', want: undefined },
])('a line of passwd: $line', ({ line, want }) => {
  expect(parseAccount(line)).toEqual(want);
});

test.each([
  { about: 'not root', euid: 1000, env: { SUDO_UID: '1000', SUDO_GID: '1000' }, want: undefined },
  { about: 'root without sudo', euid: 0, env: {}, want: undefined },
  { about: 'sudo', euid: 0, env: { SUDO_UID: '1000', SUDO_GID: '50' }, want: { ...ANNA, gid: 50 } },
  {
    about: 'sudo of a user without an entry',
    euid: 0,
    env: { SUDO_UID: '7', SUDO_GID: '8' },
    want: { uid: 7, gid: 8 },
  },
  { about: 'numbers that are none', euid: 0, env: { SUDO_UID: '-1', SUDO_GID: 'x' }, want: undefined },
])('whom a command runs as: $about', ({ euid, env, want }) => {
  expect(commandAccount(undefined, { env, euid }, lookUp)).toEqual(want);
});

test('another user is for root alone', () => {
  expect(commandAccount('anna', { env: {}, euid: 0 }, lookUp)).toBe(ANNA);
  expect(commandAccount('anna', { env: {}, euid: 1000 }, lookUp)).toBe(ANNA);
  expect(() => commandAccount('anna', { env: {}, euid: 5 }, lookUp)).toThrow('only root may do that');
  expect(() => commandAccount('bert', { env: {}, euid: 0 }, lookUp)).toThrow('there is no such user');
});

test('the environment gets the name and the home of the account, and loses what sudo put there', () => {
  const env = { HOME: '/root', USER: 'root', SHELL: '/bin/sh', PATH: '/bin', SUDO_UID: '1000', SUDO_COMMAND: 'x' };
  expect(accountEnv(env, ANNA)).toEqual({
    HOME: '/home/anna',
    USER: 'anna',
    LOGNAME: 'anna',
    SHELL: '/bin/zsh',
    PATH: '/bin',
  });
  expect(accountEnv(env, { uid: 7, gid: 8 })).toEqual({ HOME: '/root', USER: 'root', SHELL: '/bin/sh', PATH: '/bin' });
});
