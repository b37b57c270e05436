import {
  type Capability,
  type CaptureFacts,
  grantOf,
  has,
  isAtLeast,
  KERNEL_FLOOR,
  KERNEL_MULTI,
  partsOf,
} from './checks.ts';

/** One thing that capture needs or that changes what it sees. `fail`: nothing is captured; `warn`: less than everything; `info`: no matter. */
export interface Check {
  readonly id: string;
  readonly status: 'ok' | 'info' | 'warn' | 'fail';
  /** What is so, in one line. */
  readonly text: string;
  readonly remedy?: string;
}

/** What became of loading the sensor and probing a file of our own. */
export interface Trial {
  /** The addon is not there, or cannot be loaded. */
  readonly missing?: unknown;
  /** How probes are made; undefined when the kernel refused the sensor. */
  readonly mode?: 'multi' | 'perf';
  /** Why the kernel refused the sensor, or a probe. */
  readonly refused?: unknown;
}

const WHAT: Readonly<Record<Capability, string>> = {
  CAP_BPF: 'loads the programs that look from inside the kernel',
  CAP_PERFMON: 'lets them read memory, and puts probes on TLS libraries',
  CAP_SYS_PTRACE: "finds out what other users' processes run and which libraries they use",
  CAP_SYS_ADMIN: `is needed for probes before kernel ${KERNEL_MULTI}`,
};

/** Everything that does not depend on a process, in the order in which a failure explains those after it. */
export function machineChecks(facts: CaptureFacts, trial: Trial): readonly Check[] {
  const checks = [platform(facts)];
  if (facts.platform !== 'linux') return checks;
  return [
    ...checks,
    kernel(facts),
    btf(facts),
    ...namespaces(facts),
    ...lockdown(facts),
    ...lockedMemory(facts),
    ...capabilities(facts, trial),
    addon(trial),
    ...sensor(facts, trial),
    ...unprivileged(facts),
  ];
}

function platform({ platform: name, arch }: CaptureFacts): Check {
  const text = `${name} on ${arch}`;
  if (name === 'linux' && arch === 'x64') return { id: 'platform', status: 'ok', text };
  return { id: 'platform', status: 'fail', text, remedy: 'live capture is for Linux on x86-64' };
}

function kernel({ kernel: release }: CaptureFacts): Check {
  const id = 'kernel';
  const text = release ?? 'unknown';
  if (!isAtLeast(release, KERNEL_FLOOR))
    return { id, status: 'fail', text, remedy: `take ${KERNEL_FLOOR} or newer, better ${KERNEL_MULTI}` };
  if (isAtLeast(release, KERNEL_MULTI)) return { id, status: 'ok', text };
  const remedy = `from ${KERNEL_MULTI} on probes cost less to put and to remove, and need no CAP_SYS_ADMIN`;
  return { id, status: 'warn', text, remedy };
}

function btf({ hasBtf }: CaptureFacts): Check {
  if (hasBtf) return { id: 'btf', status: 'ok', text: 'the kernel describes its structures' };
  const text = '/sys/kernel/btf/vmlinux is missing: the programs cannot be fitted to this kernel';
  return { id: 'btf', status: 'fail', text, remedy: 'take a kernel with CONFIG_DEBUG_INFO_BTF=y' };
}

function namespaces({ isFirstUserNamespace, isFirstPidNamespace }: CaptureFacts): Check[] {
  const found: Check[] = [];
  if (!isFirstUserNamespace)
    found.push({
      id: 'user namespace',
      status: 'fail',
      text: 'this is a user namespace (a rootless container): its capabilities do not count',
      remedy: 'run it as root of the machine',
    });
  found.push(
    isFirstPidNamespace
      ? { id: 'pid namespace', status: 'ok', text: 'that of the machine' }
      : {
          id: 'pid namespace',
          status: 'fail',
          text: 'this is a container with pids of its own: the kernel names processes by other numbers',
          remedy: 'start the container with the pids of the machine: docker run --pid=host',
        },
  );
  return found;
}

function lockdown({ lockdown: mode }: CaptureFacts): Check[] {
  if (mode === undefined || mode === 'none') return [];
  if (mode !== 'confidentiality')
    return [{ id: 'lockdown', status: 'ok', text: `${mode}: the programs may read memory` }];
  const text = 'confidentiality: programs in the kernel may not read memory';
  return [{ id: 'lockdown', status: 'fail', text, remedy: 'start the kernel with lockdown=integrity or without' }];
}

/** From 5.11 on the memory of BPF counts for the cgroup, no longer against this limit. */
function lockedMemory({ kernel: release, lockedMemory: bytes }: CaptureFacts): Check[] {
  if (isAtLeast(release, '5.11') || bytes === undefined || bytes >= 64 << 20) return [];
  const text = `${bytes} bytes may be locked, less than the ring takes`;
  return [{ id: 'locked memory', status: 'warn', text, remedy: 'ulimit -l unlimited, or LimitMEMLOCK=infinity' }];
}

function capabilities(facts: CaptureFacts, { mode }: Trial): Check[] {
  // those of another user namespace are there, and do not count
  if (!facts.isFirstUserNamespace) return [];
  const needsAdmin = mode === 'perf' || (mode === undefined && !isAtLeast(facts.kernel, KERNEL_MULTI));
  const names: readonly Capability[] = ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE'];
  return [...names, ...(needsAdmin ? (['CAP_SYS_ADMIN'] as const) : [])].map((name): Check => {
    if (has(facts, name)) return { id: name, status: 'ok', text: WHAT[name] };
    const status = name === 'CAP_SYS_PTRACE' ? 'warn' : 'fail';
    return { id: name, status, text: `missing; it ${WHAT[name]}`, remedy: grantOf(facts, [name]) };
  });
}

function addon({ missing }: Trial): Check {
  if (missing === undefined) return { id: 'addon', status: 'ok', text: 'loaded' };
  const message = missing instanceof Error ? missing.message : String(missing);
  // a NativeMissing is cause and remedy in one line, or what the loader of the system says
  const [, text = message, remedy] = /^(.*?(?<!cannot be loaded)): (.*)$/s.exec(message) ?? [];
  return { id: 'addon', status: 'fail', text, ...(remedy !== undefined && { remedy }) };
}

function sensor(facts: CaptureFacts, { missing, mode, refused }: Trial): Check[] {
  if (missing !== undefined) return [];
  const { said, cause } = partsOf(refused, facts);
  const refusal = { status: 'fail', text: said, ...(cause !== undefined && { remedy: cause }) } as const;
  if (mode === undefined) return [{ id: 'sensor', ...refusal }];
  const loaded: Check = { id: 'sensor', status: 'ok', text: 'the kernel takes the programs' };
  if (refused !== undefined) return [loaded, { id: 'probes', ...refusal }];
  const how = mode === 'multi' ? 'uprobe_multi' : 'perf events';
  return [loaded, { id: 'probes', status: 'ok', text: `${how}: a file of our own was probed` }];
}

function unprivileged({ unprivilegedBpf: value }: CaptureFacts): Check[] {
  if (value === undefined) return [];
  const meaning = value === '0' ? 'users without capabilities may load BPF programs' : 'only with capabilities';
  return [{ id: 'unprivileged bpf', status: 'info', text: `kernel.unprivileged_bpf_disabled=${value}: ${meaning}` }];
}
