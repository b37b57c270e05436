/** The first line of a script. */
export interface Shebang {
  readonly interpreter: string;
  /** All behind the interpreter: one argument, whatever spaces are in it. */
  readonly argument: string | undefined;
}

/** Bytes that the kernel looks at: BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h. */
export const SHEBANG_BYTES = 256;

/** The interpreter that the first bytes of a file name (fs/binfmt_script.c); undefined when it is no script. */
export function shebangOf(bytes: Buffer): Shebang | undefined {
  const [, interpreter, argument] =
    /^#![ \t]*([^ \t\n\0]+)[ \t]*([^\n\0]*)/.exec(bytes.toString('utf8', 0, SHEBANG_BYTES)) ?? [];
  if (interpreter === undefined) return undefined;
  return { interpreter, argument: argument?.trimEnd() || undefined };
}

/** The program that runs a script: a path, or a name to look for in PATH when `env` is asked for it (env(1), with `-S` too). */
export function programOf({ interpreter, argument }: Shebang): string {
  if (argument === undefined || !/(^|\/)env$/.test(interpreter)) return interpreter;
  const words = /^(-[iv0]*S|--split-string)/.test(argument) ? wordsOf(argument) : [argument];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '-u' || word === '-C' || word === '--unset' || word === '--chdir') index++;
    else if (!word.startsWith('-') && !word.includes('=')) return word;
  }
  return interpreter;
}

/** Words as `env -S` cuts them: at spaces, but not inside of quotes. */
function wordsOf(argument: string): string[] {
  const text = argument.replace(/^(-[iv0]*S|--split-string)[= \t]*/, '');
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ''));
}

const MAX_FOLDERS = 256;

/** Where a command is looked for, and what is there. */
export interface CommandPlaces {
  /** The variable PATH. An empty part of it is the working directory. */
  readonly path: string;
  readonly workingDirectory: string;
  readonly isExecutable: (file: string) => boolean;
}

/** The file that a command runs: as execvp(3) finds it. Undefined when there is none. */
export function findCommand(
  command: string,
  { path, workingDirectory, isExecutable }: CommandPlaces,
): string | undefined {
  if (command === '') return undefined;
  const folders = command.includes('/') ? [''] : path.split(':', MAX_FOLDERS);
  return folders
    .map((folder) => (command.includes('/') ? command : `${folder === '' ? '.' : folder}/${command}`))
    .map((file) => (file.startsWith('/') ? file : `${workingDirectory}/${file.replace(/^\.\//, '')}`))
    .find(isExecutable);
}
