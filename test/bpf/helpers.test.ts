import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { skipsWithout } from '../require.ts';
import { type Call, callsOf } from './calls.ts';

const file = fileURLToPath(new URL('../../native/ebpf/build/linux-x64/sensor.bpf.o', import.meta.url));

/** Helpers that read, or write only into maps and the ring of the sensor itself (linux/bpf.h). */
const READ_ONLY: ReadonlyMap<number, string> = new Map([
  [1, 'map_lookup_elem'],
  [2, 'map_update_elem'],
  [3, 'map_delete_elem'],
  [8, 'get_smp_processor_id'],
  [14, 'get_current_pid_tgid'],
  [35, 'get_current_task'],
  [112, 'probe_read_user'],
  [113, 'probe_read_kernel'],
  [114, 'probe_read_user_str'],
  [115, 'probe_read_kernel_str'],
  [125, 'ktime_get_boot_ns'],
  [130, 'ringbuf_output'],
  [131, 'ringbuf_reserve'],
  [132, 'ringbuf_submit'],
  [174, 'get_attach_cookie'],
  [181, 'loop'],
]);
/** Helpers that change what is observed: they must never come onto the list above. */
const CHANGES: readonly (readonly [number, string])[] = [
  [36, 'probe_write_user'],
  [58, 'override_return'],
  [109, 'send_signal'],
  [117, 'send_signal_thread'],
];

const SECTIONS = [
  '.text',
  'tp_btf/inet_sock_set_state',
  'tp_btf/sched_process_exec',
  'tp_btf/sched_process_exit',
  'tp_btf/sched_process_fork',
  'tp_btf/sys_exit',
  'uprobe',
];

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

const refused = (calls: readonly Call[]): Call[] =>
  calls.filter((call) => !('helper' in call && READ_ONLY.has(call.helper)));

describe.skipIf(skipsWithout('ebpf', existsSync(file), 'run scripts/build-native.sh --install'))(
  'the programs in the kernel',
  () => {
    const object = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);

    it('call nothing but helpers that read, and no function of the kernel', () => {
      const calls = callsOf(object);
      expect(refused(calls)).toEqual([]);
      expect([...new Set(calls.map((call) => call.section))].sort(byName)).toEqual(SECTIONS);
      expect(calls.length).toBeGreaterThan(100);
      // what is on the list is used: it is no longer than it has to be
      const used = new Set(calls.map((call) => ('helper' in call ? call.helper : -1)));
      expect([...READ_ONLY].filter(([helper]) => !used.has(helper))).toEqual([]);
    });

    it.each(CHANGES)('would be found with a call of helper %i, %s', (helper) => {
      const at = callAt(object);
      const changed = Buffer.from(object);
      changed.writeInt32LE(helper, at + 4);
      expect(refused(callsOf(changed))).toMatchObject([{ helper }]);
    });

    it('would be found with a call of a function of the kernel', () => {
      const at = callAt(object);
      const changed = Buffer.from(object);
      changed.writeUInt8(0x20, at + 1);
      expect(refused(callsOf(changed))).toMatchObject([{ kernel: expect.stringContaining('of type') }]);
    });
  },
);

/** Where a call of `bpf_get_current_pid_tgid` stands. */
function callAt(object: Buffer): number {
  const at = object.indexOf(Buffer.from([0x85, 0, 0, 0, 14, 0, 0, 0]));
  expect(at % 8).toBe(0);
  return at;
}
