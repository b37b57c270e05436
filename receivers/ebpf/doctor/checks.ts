import { messageOf } from '../../../core/index.ts';
import { errnoOf } from '../kernel/native.ts';
import { SensorError } from '../kernel/sensor.ts';
import { type ProcReader, systemProc } from '../observe/proc.ts';

/** Bits of capabilities(7), linux/capability.h. */
export const CAPABILITY = { CAP_SYS_PTRACE: 19n, CAP_SYS_ADMIN: 21n, CAP_PERFMON: 38n, CAP_BPF: 39n } as const;
export type Capability = keyof typeof CAPABILITY;

/** Oldest kernel that can load the sensor, and the one that has uprobe_multi. */
export const KERNEL_FLOOR = '5.17';
export const KERNEL_MULTI = '6.6';

/** Inodes of the first pid and user namespace of a machine (linux/proc_ns.h). */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';
const FIRST_USER_NAMESPACE = 'user:[4026531837]';

/** What decides whether this process may load the sensor, and whether it sees anything then. */
export interface CaptureFacts {
  readonly platform: string;
  readonly arch: string;
  /** Release of the kernel, such as `6.1.0-18-amd64`. */
  readonly kernel: string | undefined;
  readonly euid: number;
  /** Effective capabilities as bits. */
  readonly capabilities: bigint;
  readonly hasBtf: boolean;
  /** The kernel can make uprobes from perf events. */
  readonly hasPerfUprobes: boolean;
  readonly isFirstUserNamespace: boolean;
  readonly isFirstPidNamespace: boolean;
  /** `none`, `integrity`, `confidentiality`; undefined where the kernel cannot be locked down. */
  readonly lockdown: string | undefined;
  /** A seccomp filter looks at the system calls of this process. */
  readonly hasSeccomp: boolean;
  /** `kernel.unprivileged_bpf_disabled`. */
  readonly unprivilegedBpf: string | undefined;
  /** Bytes that may be locked in memory; undefined: no limit. */
  readonly lockedMemory: number | undefined;
}

/** What /proc and /sys say. Throws nothing: what cannot be read counts as missing. */
export function captureFacts(
  proc: ProcReader = systemProc,
  own: { readonly platform: string; readonly arch: string; readonly euid: number } = {
    platform: process.platform,
    arch: process.arch,
    euid: process.geteuid?.() ?? -1,
  },
): CaptureFacts {
  const { platform, arch, euid } = own;
  const status = proc.text('/proc/self/status') ?? '';
  const limits = proc.text('/proc/self/limits') ?? '';
  const locked = /^Max locked memory +(\d+)/m.exec(limits)?.[1];
  return {
    platform,
    arch,
    euid,
    kernel: proc.text('/proc/sys/kernel/osrelease')?.trim(),
    capabilities: BigInt(`0x${/^CapEff:\s*([\da-f]+)/m.exec(status)?.[1] ?? '0'}`),
    hasBtf: proc.list('/sys/kernel/btf').includes('vmlinux'),
    hasPerfUprobes: proc.text('/sys/bus/event_source/devices/uprobe/type') !== undefined,
    isFirstUserNamespace: (proc.link('/proc/self/ns/user') ?? FIRST_USER_NAMESPACE) === FIRST_USER_NAMESPACE,
    isFirstPidNamespace: (proc.link('/proc/self/ns/pid') ?? FIRST_PID_NAMESPACE) === FIRST_PID_NAMESPACE,
    lockdown: /\[(\w+)\]/.exec(proc.text('/sys/kernel/security/lockdown') ?? '')?.[1],
    hasSeccomp: /^Seccomp:\s*2/m.test(status),
    unprivilegedBpf: proc.text('/proc/sys/kernel/unprivileged_bpf_disabled')?.trim(),
    lockedMemory: locked === undefined ? undefined : Number(locked),
  };
}

/** Whether this process has a capability. CAP_SYS_ADMIN contains CAP_BPF and CAP_PERFMON. */
export function has({ capabilities }: Pick<CaptureFacts, 'capabilities'>, name: Capability): boolean {
  const isSet = (bit: bigint): boolean => ((capabilities >> bit) & 1n) === 1n;
  if (isSet(CAPABILITY[name])) return true;
  return (name === 'CAP_BPF' || name === 'CAP_PERFMON') && isSet(CAPABILITY.CAP_SYS_ADMIN);
}

/** How this process gets what it lacks, in the words behind a colon. */
export function grantOf({ euid }: Pick<CaptureFacts, 'euid'>, names: readonly Capability[]): string {
  if (euid !== 0) return 'run it with sudo, or as the service of deploy/oisp-collector.service';
  const added = names.map((name) => `--cap-add ${name.slice(4)}`).join(' ');
  return `root has given it away here; in a container, docker run ${added}`;
}

/** Whether a kernel is at least of a version; unknown ones are taken for new. */
export function isAtLeast(kernel: string | undefined, version: string): boolean {
  const [major, minor] = (/^\d+\.\d+/.exec(kernel ?? '')?.[0] ?? '').split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = version.split('.').map(Number);
  if (major === undefined || minor === undefined) return true;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * Why capture could not begin, as one line: what the system said, what is missing and what to do about it. Errors that are not about loading
 * or attaching (a `NativeMissing` names its remedy itself) keep their message.
 */
export function explain(error: unknown, facts: CaptureFacts = captureFacts()): string {
  const { said, cause } = partsOf(error, facts);
  return cause === undefined ? said : `${said}; ${cause}`;
}

/** What the system said, and what is missing with its remedy. */
export function partsOf(
  error: unknown,
  facts: CaptureFacts,
): { readonly said: string; readonly cause: string | undefined } {
  const message = messageOf(error);
  if (!(error instanceof SensorError) && !isOfAddon(error)) return { said: message, cause: undefined };
  const cause = causeOf(error instanceof SensorError ? error.errno : errnoOf(error), message, facts);
  if (cause !== undefined) return { said: headOf(message), cause };
  return { said: message.replace(/\s+/g, ' ').replace(/^(.{200}).*(.{200})$/, '$1 … $2'), cause };
}

/** Failures of the addon carry the step that failed (native/ebpf/addon.cc). */
function isOfAddon(error: unknown): boolean {
  return error instanceof Error && 'step' in error;
}

/** What the system said, without the listing of the kernel's verifier: it names no cause where a capability is missing. */
function headOf(message: string): string {
  return message.replace(/ \([\s\S]*$/, '').replace(/\s*\n[\s\S]*$/, '');
}

function causeOf(errno: string | undefined, message: string, facts: CaptureFacts): string | undefined {
  if (!facts.isFirstUserNamespace)
    return 'this is a user namespace (a rootless container), whose capabilities do not count: run it as root of the machine';
  const missing = (['CAP_BPF', 'CAP_PERFMON'] as const).filter((name) => !has(facts, name));
  if (missing.length > 0) return `needs ${missing.join(' and ')}: ${grantOf(facts, missing)}`;
  if (!facts.hasBtf) return 'the kernel has no BTF (/sys/kernel/btf/vmlinux): take one with CONFIG_DEBUG_INFO_BTF=y';
  if (!isAtLeast(facts.kernel, KERNEL_FLOOR))
    return `kernel ${facts.kernel ?? ''} is too old: ${KERNEL_FLOOR} or newer, better ${KERNEL_MULTI}`;
  if (facts.lockdown === 'confidentiality')
    return 'the kernel is locked down: start it with lockdown=integrity or without';
  if (message.includes('attach')) return attachCause(errno, facts);
  if (errno === 'EPERM' && facts.hasSeccomp)
    return 'a seccomp filter refuses bpf(2): in a service, SystemCallFilter=bpf; in a container, a profile that allows it';
  if (errno === 'EPERM') return 'a security module refuses bpf(2): see the audit log of SELinux or AppArmor';
  if (errno === 'ENOMEM') return 'there is no memory for the ring: lower ring_size';
  return undefined;
}

/** Why a probe was refused: without uprobe_multi probes are perf events, and these have a rule of their own. */
function attachCause(errno: string | undefined, facts: CaptureFacts): string | undefined {
  if ((errno === 'EACCES' || errno === 'EPERM') && !has(facts, 'CAP_SYS_ADMIN'))
    return `before kernel ${KERNEL_MULTI} probes need CAP_SYS_ADMIN: run it with sudo, or take a newer kernel`;
  if (errno === 'ENOENT' && !facts.hasPerfUprobes)
    return `the kernel has no uprobes (CONFIG_UPROBE_EVENTS): take one that has, or kernel ${KERNEL_MULTI}`;
  if (errno === 'EMFILE') return 'too many open files: raise the limit with ulimit -n, or LimitNOFILE of the service';
  return undefined;
}
