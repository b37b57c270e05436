/** Programs that only run another one: shells with a script, sandboxes, containers, runners of packages. */

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'fish', 'pwsh', 'powershell', 'cmd']);

/** How the words before the wrapped command are read. */
interface Wrapper {
  /** Options that take the next word. */
  readonly valued?: readonly string[];
  /** Words that are neither options nor the command. */
  readonly words?: number;
  readonly takesAssignments?: boolean;
  /** First word of the subcommands that wrap. */
  readonly verbs?: readonly string[];
}

const RUNS: Wrapper = {
  verbs: ['run', 'exec'],
  valued: ['-n', '-p', '-e', '--with', '--extra', '--python', '--env-file', '--directory', '--project'],
};
const CONTAINER = [
  '-e',
  '--env',
  '--env-file',
  '-u',
  '--user',
  '-w',
  '--workdir',
  '-v',
  '--volume',
  '--mount',
  '--name',
  '-p',
  '--publish',
  '--network',
  '--platform',
  '--entrypoint',
  '-m',
  '--memory',
  '--cpus',
  '-h',
  '--hostname',
  '-l',
  '--label',
  '--add-host',
];

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  env: { valued: ['-u', '--unset', '-C', '--chdir'], takesAssignments: true },
  sudo: { valued: ['-u', '-g', '-h', '-p', '-C', '-T', '-D', '--user', '--group', '--chdir'], takesAssignments: true },
  doas: { valued: ['-u', '-C'], takesAssignments: true },
  runuser: { valued: ['-u', '-g'] },
  timeout: { valued: ['-s', '-k', '--signal', '--kill-after'], words: 1 },
  gtimeout: { valued: ['-s', '-k', '--signal', '--kill-after'], words: 1 },
  nice: { valued: ['-n', '--adjustment'] },
  ionice: { valued: ['-c', '-n', '-p'] },
  taskset: { words: 1 },
  chrt: { words: 1 },
  nohup: {},
  setsid: {},
  command: {},
  builtin: {},
  exec: { valued: ['-a'] },
  time: { valued: ['-f', '-o'] },
  stdbuf: { valued: ['-o', '-e', '-i'] },
  unbuffer: {},
  caffeinate: { valued: ['-t', '-w'] },
  strace: { valued: ['-o', '-e', '-s', '-E'] },
  flock: { valued: ['-w', '-E', '--timeout'], words: 1 },
  watch: { valued: ['-n', '--interval'] },
  xargs: { valued: ['-I', '-n', '-P', '-L', '-d', '-a', '-s'] },
  chroot: { words: 1 },
  setpriv: {},
  unshare: { valued: ['-S', '-G', '-R', '-w'] },
  nsenter: { valued: ['-t', '--target', '-S', '-G'] },
  'systemd-run': { valued: ['-p', '--property', '-u', '--unit', '--slice'] },
  'sandbox-exec': { valued: ['-p', '-f', '-n', '-D'] },
  firejail: {},
  arch: {},
  busybox: {},
  npx: { valued: ['-p', '--package'] },
  bunx: {},
  pnpx: {},
  uvx: { valued: ['--from', '--with', '-p', '--python'] },
  uv: RUNS,
  poetry: RUNS,
  pdm: RUNS,
  rye: RUNS,
  hatch: RUNS,
  pipx: RUNS,
  pipenv: RUNS,
  conda: RUNS,
  mamba: RUNS,
  bundle: RUNS,
  pnpm: { verbs: ['exec', 'dlx'] },
  yarn: { verbs: ['exec', 'dlx'] },
  mise: { verbs: ['exec', 'x'] },
  direnv: { verbs: ['exec'], words: 1 },
  dotenv: { valued: ['-e', '-f'] },
  'cross-env': { takesAssignments: true },
  doppler: { verbs: ['run'] },
  docker: { verbs: ['run', 'exec'], valued: CONTAINER, words: 1 },
  podman: { verbs: ['run', 'exec'], valued: CONTAINER, words: 1 },
};

/** Sandboxes whose own arguments are only told apart from the command by `--`. */
const SANDBOXES = /^(?:bwrap|bubblewrap|codex-linux-sandbox|landrun|proot|srt|minijail0|nsjail|op|nix)$/;

/** Whether a program is a shell, by its name without folder. */
export function isShell(name: string): boolean {
  return SHELLS.has(plainName(name));
}

/** The words behind a wrapper; undefined where `name` is none. */
export function unwrapped(name: string, rest: readonly string[]): readonly string[] | undefined {
  if (SANDBOXES.test(name)) {
    const at = rest.indexOf('--');
    return at < 0 ? undefined : rest.slice(at + 1);
  }
  const key = plainName(name);
  const wrapper = Object.hasOwn(WRAPPERS, key) ? WRAPPERS[key] : undefined;
  if (wrapper === undefined) return undefined;
  let list = rest;
  if (wrapper.verbs) {
    if (!wrapper.verbs.includes(rest[0] ?? '')) return undefined;
    list = rest.slice(1);
  }
  // `env -S` and shebang lines give the command as one word
  if (key === 'env' && list[0] === '-S') return list.slice(1).flatMap((word) => word.split(' ').filter(Boolean));
  return skipOptions(list, wrapper);
}

function skipOptions(
  list: readonly string[],
  { valued = [], words = 0, takesAssignments }: Wrapper,
): readonly string[] {
  let at = 0;
  let left = words;
  for (; at < list.length; at++) {
    const word = list[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (valued.includes(word)) at++;
    else if (!word.startsWith('-') && !(takesAssignments && /^[A-Za-z_]\w*=/.test(word))) {
      if (left-- <= 0) break;
    }
  }
  return list.slice(at);
}

/** A shell with a script among the words of a program that is not known: sandboxes and launchers of agents run commands like that. */
export function embedded(rest: readonly string[]): readonly string[] | undefined {
  for (let at = 0; at < rest.length && at < 64; at++) {
    const name = baseName(rest[at] as string);
    if (isShell(name) && scriptOf(name, rest.slice(at + 1)) !== undefined) return rest.slice(at);
  }
  return undefined;
}

export interface Script {
  readonly text: string;
  /** Backslashes are characters like others. */
  readonly isLiteral: boolean;
}

/** The script of `sh [options] -c SCRIPT` and the like; undefined when the shell runs a file or reads its input. */
export function scriptOf(name: string, args: readonly string[]): Script | undefined {
  const shell = plainName(name);
  if (shell === 'cmd') return scriptOfCmd(args);
  if (shell === 'pwsh' || shell === 'powershell') return scriptOfPowerShell(args);
  let takes = false;
  for (const [at, word] of args.entries()) {
    if (takesValue(word)) continue;
    if (at > 0 && takesValue(args[at - 1] as string)) continue;
    if (word.startsWith('-') || word.startsWith('+')) {
      if (/^-[a-z]*c[a-z]*$/.test(word)) takes = true;
    } else return takes ? { text: word, isLiteral: false } : undefined;
  }
  return undefined;
}

function takesValue(word: string): boolean {
  return (
    word === '-o' || word === '+o' || word === '-O' || word === '+O' || word === '--rcfile' || word === '--init-file'
  );
}

function scriptOfCmd(args: readonly string[]): Script | undefined {
  const at = args.findIndex((word) => /^\/c$/i.test(word));
  if (at < 0 || at + 1 >= args.length) return undefined;
  return {
    text: args
      .slice(at + 1)
      .join(' ')
      .replace(/^"(.*)"$/s, '$1'),
    isLiteral: true,
  };
}

function scriptOfPowerShell(args: readonly string[]): Script | undefined {
  const at = args.findIndex((word) => /^-(?:c|command|e|ec|enc|encodedcommand)$/i.test(word));
  if (at < 0 || at + 1 >= args.length) return undefined;
  const text = args.slice(at + 1).join(' ');
  if (/^-e/i.test(args[at] as string))
    return { text: Buffer.from(text, 'base64').toString('utf16le'), isLiteral: true };
  return text === '-' ? undefined : { text, isLiteral: true };
}

function plainName(name: string): string {
  return /\.exe$/i.test(name) ? name.slice(0, -4).toLowerCase() : name;
}

/** The last component of a path, of either kind of separator. */
export function baseName(path: string): string {
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  return at < 0 ? path : path.slice(at + 1);
}
