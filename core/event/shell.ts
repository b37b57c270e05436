/**
 * Reads what a shell command line would run, far enough to compare a tool's command with the argv of the processes it started. It is no
 * shell: expansions stay as written and nothing is executed.
 */

import { baseName, embedded, isShell, scriptOf, unwrapped } from './wrappers.ts';

const OPERATORS = new Set(['&&', '||', ';', '|', '|&', '&', '\n', '(', ')', '{', '}']);
/** Words of the shell's own grammar before a command, and those that begin or end something that runs nothing itself. */
const BEFORE = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '!']);
const AROUND = new Set(['for', 'case', 'select', 'function', 'fi', 'done', 'esac']);
const INTERPRETERS = /^(?:python|pypy|node|nodejs|bun|deno|ruby|perl|php|bash|sh|dash|zsh|Rscript|lua|tsx)[\d.]*$/;
const MAX_DEPTH = 6;
const MAX_COMMANDS = 64;

interface HereDocument {
  readonly end: string;
  readonly isIndented: boolean;
}

/**
 * Splits a command line into words and operators; quotes are removed, redirections with their targets and here-documents are left out.
 * `isLiteral`: a backslash is a character like others, as in the paths of PowerShell and cmd.
 */
export function words(line: string, isLiteral = false): string[] {
  const out: string[] = [];
  const documents: HereDocument[] = [];
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
        if (!isLiteral && line[i] === '\\' && i + 1 < line.length && '"\\$`'.includes(line[i + 1] as string)) i++;
        word += line[i];
      }
    } else if (c === '\\' && !isLiteral) {
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
      if (c === '\n') for (const document of documents.splice(0)) i = behind(line, i, document);
    } else if (c === '<' && line[i + 1] === '<' && line[i + 2] !== '<') {
      end();
      const found = /^<<(-?)[ \t]*(?:'([^'\n]{1,64})'|"([^"\n]{1,64})"|\\?([\w.!+-]{1,64}))/.exec(
        line.slice(i, i + 80),
      );
      if (found) {
        documents.push({ end: found[2] ?? found[3] ?? found[4] ?? '', isIndented: found[1] === '-' });
        i += found[0].length - 1;
      } else {
        i++;
        skip = true;
      }
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

/** The place of the newline behind a here-document whose first line begins after `at`. */
function behind(line: string, at: number, { end, isIndented }: HereDocument): number {
  for (let from = at + 1; from < line.length; ) {
    const next = line.indexOf('\n', from);
    const to = next < 0 ? line.length : next;
    const text = line.slice(from, to).replace(/\r$/, '');
    if ((isIndented ? text.replace(/^\t+/, '') : text) === end) return to;
    from = to + 1;
  }
  return line.length;
}

/** The simple commands of a command line, each unwrapped, as words joined by one space. */
export function commandsOfLine(line: string, depth = 0, isLiteral = false): string[] {
  const out: string[] = [];
  if (depth > MAX_DEPTH) return out;
  let command: string[] = [];
  const flush = (): void => {
    const simple = withoutGrammar(command);
    if (simple.length > 0 && out.length < MAX_COMMANDS) out.push(...commandsOfArgv(simple, depth + 1));
    command = [];
  };
  for (const word of words(line, isLiteral)) {
    if (OPERATORS.has(word)) flush();
    else command.push(word);
  }
  flush();
  return out.slice(0, MAX_COMMANDS);
}

function withoutGrammar(command: readonly string[]): readonly string[] {
  let at = 0;
  while (BEFORE.has(command[at] ?? '')) at++;
  return AROUND.has(command[at] ?? '') ? [] : command.slice(at);
}

/**
 * The simple commands that an argv stands for, after unwrapping shells, `eval`, sandboxes, runners and leading assignments. The program is
 * named by its last path component, a script with a path by its own name and not by its interpreter's: the kernel puts that before it.
 */
export function commandsOfArgv(argv: readonly string[], depth = 0): string[] {
  if (depth > MAX_DEPTH) return [];
  let at = 0;
  while (at < argv.length && /^[A-Za-z_]\w*=/.test(argv[at] as string)) at++;
  const name = baseName(argv[at] ?? '');
  const rest = argv.slice(at + 1);
  if (name === '') return [];
  if (isShell(name)) {
    const script = scriptOf(name, rest);
    if (script !== undefined) return commandsOfLine(script.text, depth + 1, script.isLiteral);
  }
  const inner = unwrapped(name, rest) ?? embedded(rest);
  if (inner !== undefined) return inner.length === 0 ? [plain(name, rest)] : commandsOfArgv(inner, depth + 1);
  if (name === 'eval') return commandsOfLine(rest.join(' '), depth + 1);
  if (INTERPRETERS.test(name) && rest[0]?.includes('/') && !rest[0].startsWith('-'))
    return commandsOfArgv(rest, depth + 1);
  return [plain(name, rest)];
}

/**
 * Whether an argv starts something that reads its commands from its input: a shell, an interpreter or a terminal without a script of its own,
 * also inside a wrapper. What its children do belongs to whoever wrote to it last, not to whoever started it.
 */
export function readsCommands(argv: readonly string[], depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  let at = 0;
  while (at < argv.length && /^[A-Za-z_]\w*=/.test(argv[at] as string)) at++;
  const name = baseName(argv[at] ?? '');
  const rest = argv.slice(at + 1);
  if (isShell(name)) return scriptOf(name, rest) === undefined && rest.every((word, i) => isOption(word, rest[i - 1]));
  if (name === 'tmux' || name === 'screen' || name === 'dtach' || name === 'zellij') return true;
  if (name === 'script')
    return (
      rest.length === 0 ||
      readsCommands(
        rest.filter((word) => !/^-|^\/dev\/null$/.test(word)),
        depth + 1,
      )
    );
  if (/^(?:python|pypy)[\d.]*$/.test(name))
    return rest.includes('ipykernel_launcher') || rest.every((word) => /^-[iuqBEsS]*$/.test(word));
  if (/^(?:node|irb|ipython|psql)$/.test(name)) return rest.every((word) => word === '-i' || word === '-');
  const inner = unwrapped(name, rest);
  if (inner !== undefined && inner.length > 0) return readsCommands(inner, depth + 1);
  // launchers that are not known give the shell as their last words
  const last = rest.findLastIndex((word) => isShell(baseName(word)));
  return (
    last >= 0 && (rest[last - 1] === '--' || name === 'spawn-helper') && readsCommands(rest.slice(last), depth + 1)
  );
}

const VALUED = new Set(['--rcfile', '--init-file', '-o', '+o', '+O', '-O']);

function isOption(word: string, before: string | undefined): boolean {
  return /^[-+/]/.test(word) || (before !== undefined && VALUED.has(before));
}

function plain(name: string, rest: readonly string[]): string {
  return [name, ...rest].join(' ');
}
