import { basename } from 'node:path';
import { appOf, appOfFile, isRuntime, packageOf, scriptIn, scriptName } from '../../../core/index.ts';
import { TLS_LIBRARY } from '../observe/observer.ts';
import { factsOf, type ProcReader, pidsOf } from '../observe/proc.ts';
import { type Process, Processes } from '../observe/processes.ts';
import { isSelected } from '../observe/selection.ts';
import { mappedFiles } from '../target/libraries.ts';
import type { Scanner } from '../target/scan.ts';
import type { Discovery } from '../target/target.ts';

/** Which processes are looked at. Without pids and names: known AI applications. */
export interface Wanted {
  readonly pids: readonly number[];
  readonly comms: readonly string[];
  /** Inode of a pid namespace; 0: all. */
  readonly pidNamespace: number;
}

/** A TLS library, and the file that it is in. */
export interface Seen {
  readonly file: string;
  readonly library: string;
  readonly version?: string;
}

/** What is not seen of a process, and why. */
export interface Unseen {
  readonly what: string;
  readonly why: string;
  readonly remedy?: string;
}

/** One process: what of its traffic is plaintext to the sensor. */
export interface ProcessReport {
  readonly pid: number;
  readonly name: string;
  readonly app?: string;
  readonly exe?: string;
  /** `fail`: it has a TLS library, and nothing of it is plaintext; `warn`: some of it is not. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly seen: readonly Seen[];
  readonly unseen: readonly Unseen[];
}

export interface LookOptions {
  readonly proc: ProcReader;
  readonly scanner: Pick<Scanner, 'scan'>;
  /** The collector itself. */
  readonly self: number;
  /** CAP_SYS_PTRACE is there. */
  readonly mayLook: boolean;
}

const MAX_DESCRIPTORS = 4096;

/** Looks at the processes that are wanted, by their pids in order. A pid that does not run is among `gone`. */
export async function lookAtProcesses(
  wanted: Wanted,
  options: LookOptions,
): Promise<{ readonly reports: readonly ProcessReport[]; readonly gone: readonly number[] }> {
  const { proc } = options;
  const processes = new Processes({ time: () => '', look: (pid) => factsOf(pid, proc), max: 65_536 });
  const reports: ProcessReport[] = [];
  const gone = wanted.pids.filter((pid) => nameOf(proc, pid) === undefined);
  for (const pid of candidates(wanted, options)) {
    const name = nameOf(proc, pid);
    const process = processes.running(pid);
    if (name === undefined || process === undefined) continue;
    const app = appNameOf(process);
    const isNamed = wanted.pids.includes(pid) || isSelected({ scope: 'tree', comms: wanted.comms }, process, name);
    if (!isNamed && (isRestricted(wanted) || (app === undefined && !isHidden(process, name)))) continue;
    reports.push({ pid, name, ...(app !== undefined && { app }), ...(await look(process, options)) });
  }
  return { reports, gone };
}

function isRestricted({ pids, comms }: Wanted): boolean {
  return pids.length > 0 || comms.length > 0;
}

/** Pids that may be wanted: of every other process only the name and the link to its program are read. */
function candidates(wanted: Wanted, { proc, self }: LookOptions): number[] {
  const { pids, comms, pidNamespace } = wanted;
  const isIn = (pid: number): boolean =>
    pidNamespace === 0 || proc.link(`/proc/${pid}/ns/pid`) === `pid:[${pidNamespace}]`;
  const mayBe = (pid: number): boolean => {
    if (pids.includes(pid)) return true;
    if (pid === self || !isIn(pid) || (pids.length > 0 && comms.length === 0)) return false;
    const file = basename(proc.link(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '') ?? '');
    const name = nameOf(proc, pid) ?? '';
    if (comms.length > 0) return [file, file.slice(0, 15), name].some((one) => comms.includes(one));
    return isRuntime(file) || [file, name].some((one) => appOfFile(one) !== undefined);
  };
  return [...new Set([...pids, ...pidsOf(proc)])].filter(mayBe).sort((a, b) => a - b);
}

function nameOf(proc: ProcReader, pid: number): string | undefined {
  return proc.text(`/proc/${pid}/comm`)?.trimEnd();
}

/** A known application of another user, whose program cannot be read. */
function isHidden({ exe }: Process, name: string): boolean {
  return exe === '' && appOfFile(name) !== undefined;
}

/** The name of the application that selection.ts takes it for. */
function appNameOf(process: Process): string | undefined {
  if (!isSelected({ scope: 'registry', comms: [] }, process)) return undefined;
  const { exe, args, cwd } = process;
  const script = scriptIn(args);
  const path = script !== undefined && 'path' in script ? script.path : '';
  const app =
    appOfFile(basename(exe)) ?? appOf(packageOf(path)) ?? appOfFile(basename(path)) ?? appOf(scriptName(args, cwd));
  return app?.name;
}

type Look = Pick<ProcessReport, 'exe' | 'status' | 'seen' | 'unseen'>;

async function look(process: Process, { proc, scanner, mayLook }: LookOptions): Promise<Look> {
  const { pid, exe } = process;
  if (exe === '') {
    const why = mayLook
      ? 'it has no program, as threads of the kernel'
      : 'it belongs to another user, or lets nobody look';
    const remedy = mayLook ? {} : { remedy: 'needs CAP_SYS_PTRACE' };
    return { status: 'fail', seen: [], unseen: [{ what: 'everything', why, ...remedy }] };
  }
  const seen: Seen[] = [];
  const unseen: Unseen[] = [];
  const add = (file: string, discovery: Discovery, isLibrary: boolean): void => {
    const what = basename(file);
    if (discovery.kind === 'target') {
      const { library, version } = discovery.target;
      seen.push({ file, library, ...(version !== undefined && { version }) });
    } else if (discovery.kind === 'unsupported_build') {
      const { library, reason } = discovery;
      if (reason.endsWith('EACCES'))
        unseen.push({ what, why: 'it may not be opened', remedy: 'needs CAP_DAC_READ_SEARCH' });
      else unseen.push({ what, why: `${library}: ${reason}` });
    } else if (isLibrary) {
      unseen.push({ what, why: 'a TLS library that is neither OpenSSL nor BoringSSL' });
    }
  };
  add(exe, await scanner.scan(`/proc/${pid}/exe`), false);
  for (const file of mappedFiles(proc.text(`/proc/${pid}/maps`) ?? '')) {
    if (!TLS_LIBRARY.test(file.path)) continue;
    if (file.isDeleted) {
      const why = 'the library was replaced after it was loaded';
      unseen.push({ what: basename(file.path), why, remedy: 'start the process again' });
    } else add(file.path, await scanner.scan(`/proc/${pid}/root${file.path}`), true);
  }
  const status = unseen.length === 0 ? 'ok' : seen.length > 0 ? 'warn' : 'fail';
  if (seen.length === 0 && unseen.length === 0)
    unseen.push({ what: 'TLS', why: 'no TLS library is loaded; one that is opened later is probed then' });
  if (usesIoUring(pid, proc)) unseen.push({ what: 'io_uring', why: 'file reads and writes through it are not seen' });
  return { exe, status, seen, unseen };
}

function usesIoUring(pid: number, proc: ProcReader): boolean {
  const descriptors = proc.list(`/proc/${pid}/fd`).slice(0, MAX_DESCRIPTORS);
  return descriptors.some((fd) => proc.link(`/proc/${pid}/fd/${fd}`) === 'anon_inode:[io_uring]');
}
