import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HostTable, isHostProblem, matchesGlob, readHost } from '../../../core/ai/host-table.ts';

function tableOf(hosts: Readonly<Record<string, string>>): HostTable<string> {
  const table = new HostTable<string>();
  for (const [host, value] of Object.entries(hosts)) {
    const read = readHost(host);
    if (isHostProblem(read)) throw new Error(`${host} ${read.message}`);
    table.add(read, value);
  }
  return table;
}

describe('a pattern', () => {
  const table = tableOf({
    'api.example.com': 'whole',
    '*.example.com': 'below',
    '*.deep.example.com': 'deeper',
    '*-api.example.org': 'front',
    'run*.*.cloud.net': 'labels',
    'port.example.net:8443': 'port',
    '*.example.net:9000': 'pattern with a port',
    '*.example.net': 'pattern without a port',
    '[2001:db8::1]:4000': 'six',
    '*.local:11434': 'private end',
  });

  test.each([
    ['api.example.com', undefined, 'whole'],
    ['api.example.com', 8443, 'whole'],
    ['API.Example.COM.', 443, 'whole'],
    ['a.example.com', 443, 'below'],
    ['a.b.example.com', 443, 'below'],
    ['a.deep.example.com', 443, 'deeper'],
    ['deep.example.com', 443, 'below'],
    ['us-api.example.org', 443, 'front'],
    ['a.us-api.example.org', 443, 'front'],
    ['run.eu.cloud.net', 443, 'labels'],
    ['run-fips.eu.cloud.net', 443, 'labels'],
    ['port.example.net', 8443, 'port'],
    ['x.example.net', 9000, 'pattern with a port'],
    ['x.example.net', 9001, 'pattern without a port'],
    ['[2001:db8::1]', 4000, 'six'],
    ['box.local', 11434, 'private end'],
  ])('takes %s, port %s', (host, port, want) => {
    expect(table.get(host, port)).toBe(want);
  });

  test.each([
    ['example.com', 443],
    ['.example.com', 443],
    ['api.example.com.evil.test', 443],
    ['apiexample.com', 443],
    ['-api.example.org', 443],
    ['api.example.org', 443],
    ['run.cloud.net', 443],
    ['run.a.b.cloud.net', 443],
    ['run..cloud.net', 443],
    ['brun.eu.cloud.net', 443],
    ['[2001:db8::1]', 4001],
    ['box.local', 80],
    ['', undefined],
    ['.', 443],
    [`${'a'.repeat(300)}.example.com`, 443],
    ['api.example.com\0.test', 443],
  ])('does not take %j, port %s', (host, port) => {
    expect(table.get(host, port)).toBeUndefined();
  });
});

test.each([
  ['', 'is no host'],
  ['https://api.example.com', 'is a URL or a path'],
  ['*', 'takes too many hosts'],
  ['*.com', 'takes too many hosts'],
  ['a.*', 'takes too many hosts'],
  ['api.*.com', 'takes too many hosts'],
  ['a b.example.com', 'is no host name or pattern'],
  ['a..example.com', 'is no host name or pattern'],
  ['(a|b).example.com', 'is no host name or pattern'],
  ['a.example.com:0', 'has the port 0'],
  ['a.example.com:65536', 'has the port 65536'],
  ['[zz]:1', 'is no IPv6 address'],
  [`${'a.'.repeat(200)}com`, 'is longer than 255 characters'],
])('the host %j %s', (written, message) => {
  expect(readHost(written)).toMatchObject({ message });
});

test('a glob says the same as the regular expression of its meaning', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 12 });
  const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 14 });
  fc.assert(
    fc.property(letters, texts, (glob, text) => {
      const regex = new RegExp(`^${glob.replace(/\*+/g, '*').replaceAll('*', '[^]*')}$`);
      expect(matchesGlob(text, glob)).toBe(regex.test(text));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern of many stars takes no longer than its length allows', () => {
  const glob = '*a'.repeat(120);
  // a backtracking matcher would not end
  expect(matchesGlob(`${'a'.repeat(250)}b`, glob)).toBe(false);
  expect(matchesGlob('a'.repeat(250), glob)).toBe(true);
});

test('hosts and patterns of any text never throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ maxLength: 80 }),
      fc.nat(70_000),
      (pattern, host, port) => {
        const read = readHost(pattern);
        const table = new HostTable<number>();
        if (!isHostProblem(read)) table.add(read, 1);
        table.get(host, port);
      },
    ),
  );
});
