import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_ANCESTORS, type Proc, ProcessTable } from '../../../processors/enrich/process-table.ts';

function tableOf(max = 1000) {
  const evicted = { count: 0 };
  const table = new ProcessTable(max, () => evicted.count++);
  const add = (pid: number, parent?: Proc, startTime?: string): Proc => {
    const proc = table.add(String(pid), { pid }, startTime);
    if (parent) table.link(proc, parent);
    return proc;
  };
  const above = (proc: Proc): number[] => table.ancestorsOf(proc).map(({ pid }) => pid);
  return { table, evicted, add, above };
}

const T1 = '2026-11-20T10:00:00.000000001Z';
const T2 = '2026-11-20T10:00:05Z';
const T3 = '2026-11-20T10:00:09.5Z';

describe('ancestors', () => {
  test('stand nearest first, and at most 16', () => {
    const { add, above } = tableOf();
    let proc = add(1);
    for (let pid = 2; pid <= 30; pid++) proc = add(pid, proc);
    expect(above(proc)).toEqual(Array.from({ length: MAX_ANCESTORS }, (_, i) => 29 - i));
  });

  test('are the same list until a process above becomes another program', () => {
    const { table, add } = tableOf();
    const top = add(1);
    const child = add(3, add(2, top));
    const list = table.ancestorsOf(child);
    expect(table.ancestorsOf(child)).toBe(list);
    top.named = { pid: 1, exe: '/bin/new' };
    expect(table.ancestorsOf(child)[1]).toEqual({ pid: 1, exe: '/bin/new' });
    expect(list[1]).toEqual({ pid: 1 });
  });

  test('stay known when a process above leaves', () => {
    const { add, above, evicted } = tableOf(2);
    const leaf = add(3, add(2, add(1)));
    expect(evicted.count).toBe(1);
    expect(above(leaf)).toEqual([2, 1]);
    add(4);
    add(5);
    expect(evicted.count).toBe(3);
    expect(above(leaf)).toEqual([2, 1]);
  });

  test('stay those of the process when the pid of one above is used again', () => {
    const { table, add, above } = tableOf();
    const leaf = add(3, add(2, add(1), T1));
    const again = add(2, undefined, T2);
    const { before } = again;
    if (before === undefined) throw new Error('the process before is not known');
    table.link(before, add(9));
    expect(above(before)).toEqual([1]);
    expect(above(leaf)).toEqual([2, 1]);
    expect(above(again)).toEqual([]);
  });

  test('hold no process twice, whoever is said to be whose parent', () => {
    const events = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 80 });
    fc.assert(
      fc.property(events, (links) => {
        const { table, add, above } = tableOf();
        for (const [child, parent] of links) {
          const of = (pid: number): Proc => table.get(String(pid)) ?? add(pid);
          table.link(of(child), of(parent));
          const proc = of(child);
          const pids = above(proc);
          expect(pids).not.toContain(child);
          expect(new Set(pids).size).toBe(pids.length);
          expect(pids.length).toBeLessThanOrEqual(MAX_ANCESTORS);
        }
      }),
    );
  });
});

test('a parent that began after its child is none', () => {
  const { add, above } = tableOf();
  expect(above(add(2, add(1, undefined, T2), T1))).toEqual([]);
  expect(above(add(4, add(3, undefined, T1), T2))).toEqual([3]);
});

describe('a pid that was used again', () => {
  test('finds each process by its start time, and none for one that is older than these', () => {
    const { table, add } = tableOf();
    const before = add(1, undefined, T2);
    const now = add(1, undefined, T3);
    expect(table.find('1', T3, false)).toBe(now);
    expect(table.find('1', T2, false)).toBe(before);
    expect(table.find('1', T1, false)).toBeUndefined();
    expect(table.find('1', undefined, false)).toBe(now);
    expect(table.find('1', '2026-11-20T10:01:00Z', false)).toBe('new');
    expect(table.find('2', T1, false)).toBe('new');
  });

  test('without start times begins with the next exec after the exit', () => {
    const { table, add } = tableOf();
    const proc = add(1);
    expect(table.find('1', undefined, true)).toBe(proc);
    proc.hasExited = true;
    expect(table.find('1', undefined, false)).toBe(proc);
    expect(table.find('1', undefined, true)).toBe('new');
  });
});

test('the process that was silent for longest leaves first, and is counted', () => {
  const { table, evicted, add } = tableOf(3);
  for (const pid of [1, 2, 3]) add(pid);
  table.get('1');
  add(4);
  expect([1, 2, 3, 4].map((pid) => table.get(String(pid)) !== undefined)).toEqual([true, false, true, true]);
  expect(evicted.count).toBe(1);
});

test('a chain of processes that each start the next does not grow without bound', () => {
  const { table, add } = tableOf(4);
  let proc = add(0);
  for (let n = 1; n <= 1000; n++) proc = add(n % 2, proc);
  let kept = 0;
  for (let p: Proc | undefined = proc; p !== undefined; p = p.parent) kept++;
  expect(kept).toBeLessThanOrEqual(3);
  expect(proc.before?.before).toBeUndefined();
  expect(table.size).toBe(2);
});
