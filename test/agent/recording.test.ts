import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkEvent } from '../../core/event/border.ts';
import { parseNanos } from '../../core/event/time.ts';
import { isEvent, type OispEvent } from '../../core/event/types.ts';
import type { Conversation, ToolFact, Truth } from '../e2e/truth.ts';

const packed = readFileSync(new URL('../../configs/demo/session.jsonl.gz', import.meta.url));
const truth = readFileSync(new URL('../../configs/demo/session.truth.json', import.meta.url), 'utf8');
const text = gunzipSync(packed).toString('utf8');
const events = text
  .trimEnd()
  .split('\n')
  // the recorder writes this form; the tests below check what they rely on
  .map((line) => JSON.parse(line) as OispEvent);
const bytes = events.flatMap((e) => (isEvent(e, 'capture.data') ? [Buffer.from(e.data.b64 ?? '', 'base64')] : []));

describe('the shipped recording', () => {
  it('is small and in time order with an id of its own per record', () => {
    expect(packed.length).toBeLessThan(2_000_000);
    expect(new Set(events.map((e) => e.event_id)).size).toBe(events.length);
    const times = events.map((e) => parseNanos(e.ts) ?? -1n);
    expect(times.every((t, i) => t > 0n && t >= (times[i - 1] ?? 0n))).toBe(true);
  });

  it('passes the border check, every record of it', () => {
    for (const event of events) expect(checkEvent(event)).toEqual({ event });
  });

  it('counts bytes and records of each direction without a gap', () => {
    const next = new Map<string, { seq: number; offset: number }>();
    let seen = 0;
    for (const event of events) {
      if (!isEvent(event, 'capture.data')) continue;
      const { conn, dir, seq, offset, b64 } = event.data;
      const expected = next.get(`${conn} ${dir}`) ?? { seq: 0, offset: 0 };
      expect({ seq, offset }).toEqual(expected);
      next.set(`${conn} ${dir}`, { seq: seq + 1, offset: offset + Buffer.from(b64 ?? '', 'base64').length });
      seen++;
    }
    expect(seen).toBeGreaterThan(100);
  });

  it('holds no path, user or key of the machine that made it', () => {
    for (const part of [Buffer.from(text), Buffer.from(truth), Buffer.concat(bytes)]) {
      const content = part.toString('latin1');
      expect(content).not.toMatch(/\/work\/|\/root\/|\/home\/|\.harness/);
      for (const [key] of content.matchAll(/\bsk-[A-Za-z0-9_-]{8,}/g)) expect(key).toContain('DEMOKEY');
      for (const [, host] of content.matchAll(/[\w.-]+@([\w-]+\.[\w.-]+)/g)) expect(host).toMatch(/^demo\.example/);
    }
  });

  it('names every process that did something by a start or a fork before', () => {
    const known = new Set<number>();
    for (const event of events) {
      if (isEvent(event, 'process.fork')) known.add(event.data.child_pid);
      if (isEvent(event, 'process.exec')) known.add(event.process?.pid ?? -1);
      expect(known).toContain(event.process?.pid);
    }
  });

  it('shows each program of the truth file with its arguments and exit code', () => {
    const { turns, programs } = JSON.parse(truth) as Truth;
    const toolsOf = (c: Conversation): ToolFact[] => c.tools.flatMap((t) => [t, ...t.agents.flatMap(toolsOf)]);
    const ran = [...turns.flatMap(toolsOf).flatMap((tool) => tool.processes), ...programs];
    expect(ran.length).toBeGreaterThan(8);
    for (const { pid, argv, exit_code } of ran) {
      const own = events.filter((e) => e.process?.pid === pid);
      expect(own.flatMap((e) => (isEvent(e, 'process.exec') ? [e.data.args] : []))).toContainEqual(argv);
      const exit = own.flatMap((e) => (isEvent(e, 'process.exit') ? [e.data.exit_code] : []));
      expect(exit).toEqual([exit_code ?? 143]);
    }
  });

  it('holds every process, file and host of the truth file', () => {
    const pids = new Set(events.map((e) => e.process?.pid));
    const paths = new Set(
      events.flatMap((e) => ('path' in e.data ? [e.data.path] : 'new_path' in e.data ? [e.data.new_path] : [])),
    );
    const ports = new Set(events.flatMap((e) => (isEvent(e, 'network.connect') ? [e.data.dest.port] : [])));
    const found = { pid: 0, path: 0, port: 0 };
    JSON.parse(truth, function (key, value) {
      if (key === 'pid' && ++found.pid) expect(pids).toContain(value);
      if (key === 'path' && 'op' in this && ++found.path) expect(paths).toContain(value);
      if (key === 'port' && ++found.port) expect(ports).toContain(value);
      return value;
    });
    expect(Math.min(found.pid, found.path, found.port)).toBeGreaterThan(0);
  });
});
