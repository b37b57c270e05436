import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ADDRESS,
  BOUND_RECORD,
  DATA_LAST,
  DATA_RECORD,
  EXEC_RECORD,
  NAMES_RECORD,
  REC_BOUND,
  REC_DATA,
  REC_EXEC,
  REC_NAMES,
  RECORD,
} from '../../../../receivers/ebpf/kernel/layout.gen.ts';
import type { SensorRecord } from '../../../../receivers/ebpf/kernel/record.ts';
import { readRecords } from '../../../../receivers/ebpf/kernel/records.ts';

/** A record as the kernel writes it, padded to 8 bytes. */
function record(type: number, size: number, tail: Buffer, fill: (r: Buffer) => void): Buffer {
  const r = Buffer.alloc((size + tail.length + 7) & ~7);
  r.writeUInt32LE(size + tail.length, RECORD.size);
  r.writeUInt16LE(type, RECORD.type);
  r.writeBigUInt64LE(1000n, RECORD.ts);
  r.writeBigUInt64LE(7n, RECORD.start);
  r.writeUInt32LE(41, RECORD.pid);
  r.writeUInt32LE(42, RECORD.tid);
  tail.copy(r, size);
  fill(r);
  return r;
}

function read(bytes: Buffer): { readonly records: SensorRecord[]; readonly bad: number } {
  const records: SensorRecord[] = [];
  let bad = 0;
  readRecords(
    bytes,
    (one) => records.push(one),
    () => bad++,
  );
  return { records, bad };
}

const dataRecord = (text: string): Buffer =>
  record(REC_DATA, DATA_RECORD.SIZE, Buffer.from(text), (r) => {
    r.writeUInt16LE(DATA_LAST, RECORD.flags);
    r.writeBigUInt64LE(77n, DATA_RECORD.conn);
    r.writeBigUInt64LE(5n, DATA_RECORD.offset);
    r.writeUInt32LE(100, DATA_RECORD.total);
    r.writeUInt32LE(20, DATA_RECORD.call_off);
    r.writeUInt32LE(text.length, DATA_RECORD.len);
    r.writeUInt8(1, DATA_RECORD.dir);
  });

describe('records of the sensor', () => {
  it('are read one behind the other', () => {
    const { records, bad } = read(Buffer.concat([dataRecord('abc'), dataRecord('defgh')]));
    expect(bad).toBe(0);
    expect(records).toMatchObject([
      { type: 'data', conn: 77, isSent: false, isStdio: false, offset: 5, cut: 77, pid: 41, tid: 42, start: 7 },
      { type: 'data', bytes: Buffer.from('defgh'), cut: 75 },
    ]);
  });

  it('turn paths around and keep every argument', () => {
    const parts = ['node\0a b\0\0', './x\0', 'node\0bin\0usr\0', 'u\0home\0'].map((text) => Buffer.from(text));
    const bytes = record(REC_EXEC, EXEC_RECORD.SIZE, Buffer.concat(parts), (r) => {
      r.writeUInt32LE(parts[0]?.length ?? 0, EXEC_RECORD.argv_len);
      r.writeUInt32LE(30, EXEC_RECORD.argv_total);
      r.writeUInt32LE(parts[1]?.length ?? 0, EXEC_RECORD.name_len);
      r.writeUInt32LE(parts[2]?.length ?? 0, EXEC_RECORD.exe_len);
      r.writeUInt32LE(parts[3]?.length ?? 0, EXEC_RECORD.cwd_len);
    });
    expect(read(bytes).records).toMatchObject([
      { args: ['node', 'a b', ''], argsCut: 20, name: './x', exe: '/usr/bin/node', cwd: '/home/u' },
    ]);
    const rename = ['a\0', '/b\0', 'u\0home\0', ''].map((text) => Buffer.from(text));
    const named = record(REC_NAMES, NAMES_RECORD.SIZE, Buffer.concat(rename), (r) => {
      r.writeUInt32LE(1, NAMES_RECORD.op);
      r.writeUInt32LE(2, NAMES_RECORD.a_len);
      r.writeUInt32LE(3, NAMES_RECORD.b_len);
      r.writeUInt32LE(7, NAMES_RECORD.a_base_len);
    });
    expect(read(named).records).toMatchObject([{ a: 'a', b: '/b', aBase: '/home/u', bBase: '/' }]);
  });

  it.each([
    [2, [127, 0, 0, 1], '127.0.0.1'],
    [10, [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], '2001:db8::1'],
    [10, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [10, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9], '10.0.0.9'],
    [10, [0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4], '1:0:2::3:0:4'],
  ])('write addresses of family %i as text', (family, bytes, text) => {
    const made = record(REC_BOUND, BOUND_RECORD.SIZE, Buffer.alloc(0), (r) => {
      r.writeUInt16LE(family, BOUND_RECORD.addr_family);
      r.writeUInt16LE(443, BOUND_RECORD.addr_family + ADDRESS.rport);
      r.writeUInt16LE(6, BOUND_RECORD.addr_family + ADDRESS.protocol);
      Buffer.from(bytes).copy(r, BOUND_RECORD.addr_family + ADDRESS.raddr);
    });
    expect(read(made).records).toMatchObject([{ ends: { remote: { ip: text, port: 443 }, protocol: 'tcp' } }]);
  });

  it('that are none are counted, and nothing is read beyond the end', () => {
    expect(read(record(999, RECORD.SIZE, Buffer.alloc(0), () => undefined))).toMatchObject({ records: [], bad: 1 });
    expect(read(dataRecord('abc').subarray(0, 40))).toMatchObject({ records: [], bad: 1 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(12), (noise, type) => {
        const bytes = Buffer.concat([
          record(type, RECORD.SIZE, Buffer.from(noise), () => undefined),
          Buffer.from(noise),
        ]);
        const { records } = read(bytes);
        for (const one of records) if (one.type === 'data') expect(one.bytes.length).toBeLessThan(bytes.length);
      }),
    );
  });
});
