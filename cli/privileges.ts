import { type Log, messageOf, type ServiceConfig } from '../core/index.ts';
import {
  CAPABILITY,
  type CaptureFacts,
  captureFacts,
  isAtLeast,
  KERNEL_MULTI,
} from '../receivers/ebpf/doctor/checks.ts';
import { loadNative, type Native } from '../receivers/ebpf/kernel/native.ts';
import { type Account, commandAccount, type LookUp, lookUpAccount } from './account.ts';
import { CommandError, type Io } from './io.ts';
import { claimFile } from './output-file.ts';
import { claimable, type Files, firstRefused, needsOf, systemFiles } from './privileges-paths.ts';

/** The variable that names whom the collector becomes; `root`: it stays what it is. */
const RUN_AS = 'OISP_RUN_AS';
/** Accounts for root without sudo: a service's own, else one that owns nothing. */
const SERVICE_ACCOUNTS = ['oisp-collector', 'nobody'];

/** Bits of capabilities(7) that a root process needs to become somebody else. */
const CAP_SETGID = 6n;
const CAP_SETUID = 7n;

/** Capabilities that stay, by what they are for. */
const KEPT = {
  ...{ CAP_BPF: CAPABILITY.CAP_BPF, CAP_PERFMON: CAPABILITY.CAP_PERFMON, CAP_SYS_PTRACE: CAPABILITY.CAP_SYS_PTRACE },
  /** TLS libraries in folders that their owners keep to themselves. */
  CAP_DAC_READ_SEARCH: 2n,
  /** Signals that are passed on to a command of another user. */
  CAP_KILL: 5n,
  /** Probes before uprobe_multi. */
  CAP_SYS_ADMIN: CAPABILITY.CAP_SYS_ADMIN,
} as const;

type Kept = keyof typeof KEPT;

const HINT = `${RUN_AS}=USER names another account; ${RUN_AS}=root keeps root without this warning`;

/** What is asked of the machine; passed in for tests. */
export interface PrivilegeOptions {
  readonly lookUp?: LookUp;
  readonly facts?: () => CaptureFacts;
  readonly files?: Files;
  readonly native?: () => Pick<Native, 'dropPrivileges'>;
  /** Makes an output that belongs to an account. */
  readonly claim?: (path: string, owner: Account) => void;
}

/** What a run needs after its start. */
export interface AfterStart {
  readonly config: ServiceConfig;
  /** Files of the config, where a reload reads them again. */
  readonly configFiles: readonly string[];
  /** A command is run, and signals are passed on to it. */
  readonly hasCommand: boolean;
}

/**
 * Gives up root when everything has begun that needs it: probes and programs in the kernel stay, what comes later needs the capabilities that
 * are kept. Nothing happens without a receiver `ebpf` or without root.
 */
export class Privileges {
  readonly #io: Io;
  readonly #options: Required<PrivilegeOptions>;
  readonly #account: Account | undefined;
  readonly #isAsked: boolean;

  /** To be made before the start. Throws CommandError when OISP_RUN_AS names no user. */
  constructor(config: ServiceConfig, io: Io, options: PrivilegeOptions = {}) {
    this.#io = io;
    this.#options = {
      lookUp: lookUpAccount,
      facts: captureFacts,
      files: systemFiles,
      native: loadNative,
      claim: (path, owner) => void claimFile(path, '/', owner),
      ...options,
    };
    const asked = io.env[RUN_AS];
    this.#isAsked = asked !== undefined && asked !== '';
    const isRoot = io.euid === 0 && capturesLive(config);
    this.#account = isRoot ? this.#find(this.#isAsked ? asked : undefined) : undefined;
  }

  /** Makes outputs of the config that are not there, for the account. To be called before the start. */
  claim(config: ServiceConfig): void {
    const account = this.#account;
    if (account === undefined || account.uid === 0) return;
    const { claim, files } = this.#options;
    for (const path of claimable(needsOf(config, [], this.#io.cwd), account, files)) claim(path, account);
  }

  /**
   * Decides after the start what is given up, and answers how. That becomes the account and says so in one line; or says why the collector
   * stays root, where something would break. False: it failed, and nothing may go on. Throws CommandError where the account was named and
   * something would break.
   */
  plan(run: AfterStart, log: Log): () => boolean {
    const account = this.#account;
    if (account === undefined) return () => true;
    const facts = this.#options.facts();
    const why = account.uid === 0 ? `${RUN_AS} says so` : this.#obstacle(run, account, facts);
    if (why === undefined) return () => this.#become(account, keptOf(run, facts), log);
    if (this.#isAsked && account.uid !== 0) throw new CommandError(`${RUN_AS}: ${why}`);
    return () => {
      // who calls by sudo expects to be who they are
      if (account.uid !== 0 && isSudo(this.#io)) log.warn('The collector stays root.', { why, hint: HINT });
      else log.info('The collector stays root.', { why });
      return true;
    };
  }

  #become(account: Account, kept: readonly Kept[], log: Log): boolean {
    const user = account.name ?? account.uid;
    const mask = kept.reduce((sum, name) => sum | (1n << KEPT[name]), 0n);
    try {
      this.#options.native().dropPrivileges(account.uid, account.gid, account.name ?? '', mask);
    } catch (error) {
      log.error('Root could not be given up, stopping.', { user, error: messageOf(error) });
      return false;
    }
    log.info('Root was given up.', { user, kept });
    return true;
  }

  #find(asked: string | undefined): Account | undefined {
    const { lookUp } = this.#options;
    if (asked !== undefined) {
      const account = lookUp(asked);
      if (account === undefined) throw new CommandError(`${RUN_AS}=${asked}: there is no such user`);
      return account;
    }
    const caller = commandAccount(undefined, this.#io, lookUp);
    if (caller !== undefined && caller.uid !== 0) return caller;
    return SERVICE_ACCOUNTS.map(lookUp).find((account) => account !== undefined);
  }

  /** Why root is needed on. */
  #obstacle({ config, configFiles }: AfterStart, account: Account, { capabilities }: CaptureFacts): string | undefined {
    const isSet = (bit: bigint): boolean => ((capabilities >> bit) & 1n) === 1n;
    if (!isSet(CAP_SETUID) || !isSet(CAP_SETGID)) return 'CAP_SETUID and CAP_SETGID are missing';
    const refused = firstRefused(needsOf(config, configFiles, this.#io.cwd), account, this.#options.files);
    const name = account.name ?? String(account.uid);
    return refused && `${name} may not ${refused.access} ${refused.path}, which is used again after the start`;
  }
}

function isSudo({ env }: Io): boolean {
  return env['SUDO_UID'] !== undefined;
}

function capturesLive({ pipelines, receivers }: ServiceConfig): boolean {
  return pipelines.some((one) => one.receivers.some((id) => receivers.get(id)?.definition.type === 'ebpf'));
}

/** What is kept of what is there. */
function keptOf({ hasCommand }: AfterStart, { kernel, capabilities }: CaptureFacts): Kept[] {
  const names: Kept[] = ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'];
  if (hasCommand) names.push('CAP_KILL');
  if (!isAtLeast(kernel, KERNEL_MULTI)) names.push('CAP_SYS_ADMIN');
  return names.filter((name) => ((capabilities >> KEPT[name]) & 1n) === 1n);
}
