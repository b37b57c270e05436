import { accessSync, closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { expand } from '../../../core/index.ts';
import { findCommand, programOf, SHEBANG_BYTES, shebangOf } from './commands.ts';
import { linkerCache } from './libraries.ts';

/** Names of OpenSSL's library, newest first. */
const SONAMES = ['libssl.so.4', 'libssl.so.3', 'libssl.so.1.1'];
/** Where the installers of agents put programs, as their documentation has it in November 2026. */
const AGENTS = [
  '~/.local/bin/claude',
  '~/.local/share/claude/versions/*',
  '~/.claude/local/claude',
  '~/.bun/bin/bun',
  '~/.opencode/bin/opencode',
  '/usr/local/bin/{claude,codex,opencode,bun}',
];
const RUNTIMES = ['node', 'bun'];

/** Files that match paths or patterns, `~` being the home of the user who calls. A script stands for the program that runs it. */
export async function namedFiles(patterns: readonly string[]): Promise<string[]> {
  if (patterns.length === 0) return [];
  const home = homeOfCaller();
  const paths = await expand(
    patterns.map((pattern) => pattern.replace(/^~(?=\/|$)/, home)),
    [],
  );
  return paths.map((path) => interpreterOf(path) ?? path);
}

/** The system's TLS libraries, the runtimes of the PATH and installed agents, as far as they are there. */
export async function knownFiles(): Promise<string[]> {
  const libraries = librariesOf(SONAMES);
  const runtimes = RUNTIMES.map(commandOf).filter((path) => path !== undefined);
  const agents = (await namedFiles(AGENTS)).filter(isFile);
  return [...new Set([...libraries, ...runtimes, ...agents])];
}

function librariesOf(names: readonly string[]): string[] {
  try {
    const cache = linkerCache(readFileSync('/etc/ld.so.cache'));
    return names.flatMap((name) => cache.get(name) ?? []);
  } catch {
    return []; // no linker cache: libraries are found when they are opened
  }
}

function commandOf(name: string): string | undefined {
  return findCommand(name, {
    path: process.env['PATH'] ?? '',
    workingDirectory: process.cwd(),
    isExecutable: (file) => {
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile();
      } catch {
        return false;
      }
    },
  });
}

/** The program that runs a script; undefined for what is none. */
function interpreterOf(path: string): string | undefined {
  let fd: number | undefined;
  try {
    if (!statSync(path).isFile()) return undefined;
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const bytes = Buffer.alloc(SHEBANG_BYTES);
    const shebang = shebangOf(bytes.subarray(0, readSync(fd, bytes, 0, SHEBANG_BYTES, 0)));
    return shebang === undefined ? undefined : commandOf(programOf(shebang));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Under sudo the home of the user who called it. */
function homeOfCaller(): string {
  const uid = process.geteuid?.() === 0 ? process.env['SUDO_UID'] : undefined;
  if (uid === undefined) return homedir();
  try {
    for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
      const fields = line.split(':');
      if (fields[2] === uid && fields[5]) return fields[5];
    }
  } catch {
    // no such file: root's own home then
  }
  return homedir();
}
