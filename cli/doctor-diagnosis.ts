import { captureFacts, has } from '../receivers/ebpf/doctor/checks.ts';
import { machineChecks } from '../receivers/ebpf/doctor/machine.ts';
import { lookAtProcesses, type Wanted } from '../receivers/ebpf/doctor/processes.ts';
import { tryOut } from '../receivers/ebpf/doctor/trial.ts';
import { systemProc } from '../receivers/ebpf/observe/proc.ts';
import { Scanner } from '../receivers/ebpf/target/scan.ts';
import type { Diagnosis } from './doctor-text.ts';

/** Looks at this machine and at the processes that are wanted. */
export async function diagnose(wanted: Wanted): Promise<Diagnosis> {
  const facts = captureFacts();
  const checks = machineChecks(facts, await tryOut());
  const scanner = new Scanner();
  try {
    const mayLook = facts.isFirstUserNamespace && has(facts, 'CAP_SYS_PTRACE');
    const { reports, gone } =
      facts.platform === 'linux'
        ? await lookAtProcesses(wanted, { proc: systemProc, scanner, self: process.pid, mayLook })
        : { reports: [], gone: wanted.pids };
    const isWell = gone.length === 0 && [...checks, ...reports].every(({ status }) => status !== 'fail');
    const isChosen = wanted.pids.length > 0 || wanted.comms.length > 0;
    return { isWell, isChosen, checks, reports, gone };
  } finally {
    await scanner.close();
  }
}
