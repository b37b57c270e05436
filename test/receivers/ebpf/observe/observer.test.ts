import { describe, expect, it } from 'vitest';
import { DEFAULT_REGISTRY, type OispEvent } from '../../../../core/index.ts';
import { NAMES_RENAME, NAMES_UNLINK } from '../../../../receivers/ebpf/kernel/layout.gen.ts';
import type { FileCount } from '../../../../receivers/ebpf/kernel/sensor.ts';
import { Observer } from '../../../../receivers/ebpf/observe/observer.ts';
import { Streams } from '../../../../receivers/ebpf/observe/streams.ts';
import { at, connect, ENDS, envelope, exec, exit, file, fork, helloFor, names, processes, START } from './made.ts';

interface Lab {
  readonly observer: Observer;
  readonly events: OispEvent[];
  readonly files: string[];
  readonly tracked: number[];
  readonly counts: { leftOut: number; unnamed: number };
}

function lab(isSelected: (exe: string) => boolean = () => false): Lab {
  const events: OispEvent[] = [];
  const files: string[] = [];
  const tracked: number[] = [];
  const counts = { leftOut: 0, unnamed: 0 };
  const known = processes();
  const emit = (event: OispEvent): void => void events.push(event);
  const streams = new Streams({
    registry: DEFAULT_REGISTRY,
    envelope: envelope(),
    processes: known,
    emit,
    setVerdict: () => undefined,
    ownerOf: (child) => child,
    onAi: () => undefined,
    onLost: () => undefined,
    holdNs: 1,
    maxStreams: 10,
    maxHeld: 1000,
    counts: { ai: 0, other: 0, evicted: 0, unbound: 0, leftOut: 0, lost: 0 },
  });
  const observer = new Observer({
    registry: DEFAULT_REGISTRY,
    envelope: envelope(),
    processes: known,
    streams,
    emit,
    self: 9,
    isSelected: ({ exe }) => isSelected(exe),
    track: (pid) => void tracked.push(pid),
    onFile: (path) => void files.push(path),
    seesFiles: true,
    counts,
  });
  return { observer, events, files, tracked, counts };
}

const count = (pid: number, more: Partial<FileCount> = {}): FileCount => ({
  pid,
  start: START + pid,
  file: 5,
  first: at(5),
  last: at(6),
  readBytes: 10,
  writtenBytes: 0,
  reads: 1,
  writes: 0,
  ...more,
});

describe('observer', () => {
  it('tells a program, what it does and how it ends', () => {
    const { observer, events, files } = lab();
    observer.add(50);
    observer.take(fork(0, 50, 51));
    observer.take(exec(1, 51, ['wc', '-l', 'a.txt'], { ppid: 50, isTracked: true }));
    observer.take(file(2, 51, '/home/u/a.txt'));
    observer.take(connect(4, 51));
    observer.take(names(5, 51, NAMES_RENAME, 'a.txt', '/home/u/sub/../b.txt'));
    observer.take(names(6, 51, NAMES_UNLINK, 'b.txt'));
    observer.take(exit(8, 51, 3 << 8));
    observer.counted([count(51)], at(9));
    expect(events.map(({ event_type, process, data }) => [event_type, process?.pid, data])).toEqual([
      ['process.fork', 50, { child_pid: 51, is_thread: false }],
      ['process.exec', 51, { exe: '/usr/bin/wc', args: ['wc', '-l', 'a.txt'], cwd: '/home/u', is_shell: false }],
      ['file.open', 51, { path: '/home/u/a.txt', flags: ['read'] }],
      ['network.connect', 51, { dest: ENDS.remote, protocol: 'tcp', success: true, latency_ms: 3 }],
      ['file.rename', 51, { old_path: '/home/u/a.txt', new_path: '/home/u/b.txt' }],
      ['file.delete', 51, { path: '/home/u/b.txt' }],
      ['process.exit', 51, { exit_code: 3, runtime_ms: 7, termination_type: 'normal' }],
      ['file.read', 51, { path: '/home/u/a.txt', bytes_read: 10 }],
    ]);
    expect(files).toEqual(['/proc/51/exe']);
    expect(observer.tracked).toBe(1);
  });

  it('tells a signal', () => {
    const { observer, events } = lab();
    observer.take(exec(0, 51, ['sleep', '9'], { isTracked: true }));
    observer.take(exit(1, 51, 9));
    expect(events.at(-1)?.data).toMatchObject({ exit_code: 137, signal: 9, signal_name: 'SIGKILL' });
  });

  it('follows a program that is selected, and nobody else', () => {
    const { observer, events, tracked } = lab((exe) => exe.endsWith('/claude'));
    observer.take(exec(0, 60, ['ls']));
    observer.take(exec(1, 61, ['claude']));
    expect(tracked).toEqual([61]);
    expect(events.map((event) => event.process?.pid)).toEqual([61]);
  });

  it('says nothing of what starts the command for the collector', () => {
    const { observer, events } = lab();
    observer.take(fork(0, 9, 70));
    observer.take(exec(1, 70, ['setpriv', '--', 'claude'], { ppid: 9, isTracked: true }));
    observer.take(exec(2, 70, ['claude'], { ppid: 9, isTracked: true }));
    expect(events.map((event) => event.event_type)).toEqual(['process.exec']);
    expect(events[0]?.process?.exe).toBe('/usr/bin/claude');
  });

  it('looks at TLS libraries when they are opened, through the root of the process', () => {
    const { observer, files } = lab();
    observer.add(50);
    observer.take(file(0, 50, '/usr/lib/x86_64-linux-gnu/libssl.so.3'));
    observer.take(file(0, 50, '/usr/lib/libsslx.txt'));
    expect(files).toEqual(['/proc/50/root/usr/lib/x86_64-linux-gnu/libssl.so.3']);
  });

  it('lets go of processes whose end was not told', () => {
    const { observer } = lab();
    // the fork of the first found no room in the ring: the kernel knows it is observed
    observer.take(exec(0, 51, ['sleep', '9'], { isTracked: true }));
    observer.take(exec(0, 52, ['sleep', '9'], { isTracked: true }));
    observer.prune((pid) => pid === 52, at(5));
    expect(observer.tracked).toBe(1);
    expect(observer.isTracked(52)).toBe(true);
  });

  it('lets a counter wait for the name of its file, and counts the ones that never get one', () => {
    const { observer, events, counts } = lab();
    observer.counted([count(51), count(52)], at(10));
    expect(events).toEqual([]);
    observer.take(file(11, 51, '/home/u/late.txt', { isOpen: false }));
    observer.counted([], at(12));
    expect(events.map((event) => event.data)).toEqual([{ path: '/home/u/late.txt', bytes_read: 10 }]);
    expect(counts.unnamed).toBe(0);
    observer.counted([], at(5000));
    expect(counts.unnamed).toBe(1);
  });

  it('leaves out and counts what belongs to the system, but not writes to it', () => {
    const { observer, events, counts } = lab();
    observer.take(file(0, 51, '/etc/hosts', { isOpen: false }));
    observer.counted([count(51)], at(10));
    expect(events).toEqual([]);
    expect(counts.leftOut).toBe(1);
    observer.counted([count(51, { reads: 0, writes: 1, writtenBytes: 4 })], at(10));
    expect(events.map((event) => event.event_type)).toEqual(['file.write']);
  });

  it('leaves out what only looks like a connection: datagrams, but for QUIC', () => {
    const { observer, events } = lab();
    observer.take(connect(0, 51, 0, { ...ENDS, protocol: 'udp', remote: { ip: '192.0.2.53', port: 53 } }));
    observer.take({ ...connect(0, 51), ends: undefined });
    expect(events).toEqual([]);
    observer.take(connect(0, 51, 0, { ...ENDS, protocol: 'udp' }));
    observer.take(connect(0, 51, 111));
    expect(events.map((event) => event.data)).toMatchObject([{ protocol: 'udp' }, { error: 'ECONNREFUSED' }]);
  });

  it('tells of a model call that cannot be read by its handshake alone, and only of those', () => {
    const { observer, events } = lab();
    const head = { ts: at(0), start: START + 51, pid: 51, tid: 51, ends: ENDS };
    const end = { ...head, type: 'sock_end', sent: 900, received: 1300, first: at(0), last: at(12) } as const;
    observer.take({ ...head, type: 'hello', sock: 1, bytes: helloFor('api.openai.com') });
    observer.take({ ...end, sock: 1 });
    observer.take({ ...head, type: 'hello', sock: 2, bytes: helloFor('example.com') });
    observer.take({ ...end, sock: 2 });
    // one whose plaintext was seen
    observer.take({ ...head, type: 'hello', sock: 3, bytes: helloFor('api.openai.com') });
    observer.take({ ...head, type: 'bound', conn: 7, sock: 3, source: 2 });
    observer.take({ ...end, sock: 3 });
    expect(events.map((event) => event.event_type)).toEqual(['ai.request', 'ai.response']);
    expect(events[0]).toMatchObject({
      confidence: { completeness: 'metadata_only', level: 'low' },
      attrs: { 'server.address': 'api.openai.com', 'oisp.tls.bytes_sent': 900, 'oisp.tls.bytes_received': 1300 },
    });
    expect(events[1]).toMatchObject({ data: { latency_ms: 12, success: true } });
  });
});
