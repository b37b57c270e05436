/**
 * Reads what a shell command line would run, far enough to compare a tool's command with the argv of the processes it started. It is no
 * shell: expansions stay as written, here-documents are taken as words, and nothing is executed.
 */

const OPERATORS = new Set(['&&', '||', ';', '|', '|&', '&', '\n', '(', ')', '{', '}']);
const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'fish']);
const MAX_DEPTH = 6;
const MAX_COMMANDS = 64;

/** Splits a command line into words and operators; quotes are removed, redirections and their targets are left out. */
export function words(line: string): string[] {
  const out: string[] = [];
  let word = '';
  let open = false;
  let skip = false;
  const end = (): void => {
    if (open) {
      if (skip) skip = false;
      else out.push(word);
    }
    word = '';
    open = false;
  };
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (c === "'") {
      const close = line.indexOf("'", i + 1);
      const to = close < 0 ? line.length : close;
      word += line.slice(i + 1, to);
      open = true;
      i = to;
    } else if (c === '"') {
      open = true;
      for (i++; i < line.length && line[i] !== '"'; i++) {
        if (line[i] === '\\' && i + 1 < line.length && '"\\$`'.includes(line[i + 1] as string)) i++;
        word += line[i];
      }
    } else if (c === '\\') {
      i++;
      if (i < line.length && line[i] !== '\n') {
        // an escaped redirection is one for the shell that evaluates the text again
        if (line[i] === '<' || line[i] === '>') {
          end();
          skip = true;
        } else {
          word += line[i];
          open = true;
        }
      }
    } else if (c === ' ' || c === '\t' || c === '\r') end();
    else if (c === '\n' || c === ';' || c === '(' || c === ')') {
      end();
      out.push(c);
    } else if (c === '<' || c === '>' || (c === '&' && line[i + 1] === '>')) {
      if (/^\d+$/.test(word)) {
        word = '';
        open = false;
      }
      end();
      while (i + 1 < line.length && '<>&|'.includes(line[i + 1] as string)) i++;
      // `2>&1` names a descriptor, everything else a target word
      if (line[i] === '&' && /[\d-]/.test(line[i + 1] ?? '')) i++;
      else skip = true;
    } else if (c === '&' || c === '|') {
      end();
      const pair = c + (line[i + 1] ?? '');
      if (pair === '&&' || pair === '||' || pair === '|&') {
        out.push(pair);
        i++;
      } else out.push(c);
    } else if (c === '#' && !open) {
      const to = line.indexOf('\n', i);
      i = to < 0 ? line.length : to - 1;
    } else {
      word += c;
      open = true;
    }
  }
  end();
  return out;
}

/** The simple commands of a command line, each unwrapped, as words joined by one space. */
export function commandsOfLine(line: string, depth = 0): string[] {
  const out: string[] = [];
  if (depth > MAX_DEPTH) return out;
  let command: string[] = [];
  const flush = (): void => {
    if (command.length > 0 && out.length < MAX_COMMANDS) out.push(...commandsOfArgv(command, depth + 1));
    command = [];
  };
  for (const word of words(line)) {
    if (OPERATORS.has(word)) flush();
    else command.push(word);
  }
  flush();
  return out.slice(0, MAX_COMMANDS);
}

/**
 * The simple commands that an argv stands for, after unwrapping `sh -c`, `bash -lc`, `eval`, `env`, `sudo`, `timeout`, `nohup`, `nice`,
 * `xargs` and leading assignments. The program is named by its last path component.
 */
export function commandsOfArgv(argv: readonly string[], depth = 0): string[] {
  if (depth > MAX_DEPTH) return [];
  let at = 0;
  while (at < argv.length && /^[A-Za-z_]\w*=/.test(argv[at] as string)) at++;
  const name = baseName(argv[at] ?? '');
  const rest = argv.slice(at + 1);
  if (name === '') return [];
  if (SHELLS.has(name)) {
    const script = scriptOf(rest);
    return script === undefined ? [plain(name, rest)] : commandsOfLine(script, depth + 1);
  }
  const inner = unwrapped(name, rest);
  if (inner !== undefined) return inner.length === 0 ? [plain(name, rest)] : commandsOfArgv(inner, depth + 1);
  if (name === 'eval') return commandsOfLine(rest.join(' '), depth + 1);
  return [plain(name, rest)];
}

/** The words behind a wrapper; undefined where `name` is none. */
function unwrapped(name: string, rest: readonly string[]): readonly string[] | undefined {
  switch (name) {
    case 'env':
      return skipOptions(rest, new Set(['-u', '--unset', '-C', '--chdir', '-S']), true);
    case 'sudo':
    case 'doas':
      return skipOptions(rest, new Set(['-u', '-g', '-h', '-p', '-C', '-T', '--user', '--group']), true);
    case 'timeout':
      return skipOptions(rest, new Set(['-s', '-k', '--signal', '--kill-after']), false).slice(1);
    case 'nice':
      return skipOptions(rest, new Set(['-n', '--adjustment']), false);
    case 'nohup':
    case 'setsid':
    case 'command':
    case 'exec':
    case 'time':
    case 'stdbuf':
      return skipOptions(rest, new Set(['-o', '-e', '-i', '-a']), false);
    case 'xargs':
      return skipOptions(rest, new Set(['-I', '-n', '-P', '-L', '-d', '-a', '-s']), false);
    default:
      return undefined;
  }
}

function skipOptions(list: readonly string[], valued: ReadonlySet<string>, assignments: boolean): readonly string[] {
  let at = 0;
  for (; at < list.length; at++) {
    const word = list[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (valued.has(word)) at++;
    else if (!word.startsWith('-') && !(assignments && /^[A-Za-z_]\w*=/.test(word))) break;
  }
  return list.slice(at);
}

/** The script of `sh [options] -c SCRIPT`; undefined when the shell runs a file or reads its input. */
function scriptOf(args: readonly string[]): string | undefined {
  let takes = false;
  for (const word of args) {
    if (word.startsWith('-') || word.startsWith('+')) {
      if (/^-[a-z]*c[a-z]*$/.test(word)) takes = true;
    } else return takes ? word : undefined;
  }
  return undefined;
}

function plain(name: string, rest: readonly string[]): string {
  return [name, ...rest].join(' ');
}

/** The last component of a path. */
export function baseName(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? path : path.slice(at + 1);
}
