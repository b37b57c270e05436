import { Memo } from '../memo.ts';
import type { Key, MatchKeys } from './match.ts';
import { absolute, components, folderOfPattern, isBelowHome, madeFor, pathsIn, resolved } from './paths.ts';
import { commandsOfArgv, commandsOfLine, readsCommands } from './shell.ts';
import type { ConnectData, DnsData, ExecData, FileData, OispEvent, RenameData, ToolCallData } from './types.ts';

const MAX_KEYS = 64;
const MIN_STRING = 3;
const MAX_DEPTH = 32;
/** Longest tail of a path that has a key of its own; longer relative paths are compared by as much and by their folder. */
const MAX_TAIL = 3;
const MAX_FOLDERS = 16;
const MAX_DOMAINS = 2;
/** Longest text that is read as a command line where no name of an argument says that it is one. */
const MAX_UNNAMED = 400;
const MEMO_BYTES = 2 << 20;

/** Names of arguments that hold what a shell or an interpreter is to run. */
const COMMAND =
  /^(?:command|commands|cmd|cmds|cmdline|command_?line|shell_?command|bash_?command|script|code|argv|args|input|keystrokes|keys|chars|text|run|exec|bash)$/i;
/** Names of arguments that hold the folder in which a tool works. */
const WORKDIR =
  /^(?:cwd|work_?dir|working_?dir(?:ectory)?|directory|dir|root|project_?(?:root|path|dir)|workspace(?:_?path)?)$/i;

/** Words that stand in so many argvs that they say nothing. */
const COMMON = /^(?:-|\/(?:usr\/)?(?:local\/)?bin\/\w+$|(?:ba|da|z|k)?sh$|node$|python3?$|true$|false$|null$|\d+$)/;

/** Match keys of tool calls and of what the operating system reports. `key` makes one key of one text. */
export class EffectKeys {
  readonly #key: (text: string) => Key;
  /** Of hosts that models are asked at. */
  readonly #servers = new Memo<MatchKeys>(64 << 10);
  /** The same for texts that do not come again: it remembers nothing. */
  readonly #once: (text: string) => Key;
  readonly #lines: (text: string, into: Set<Key>) => void;
  readonly #pathsOf = new Memo<MatchKeys>(MEMO_BYTES);
  readonly #foldersOf = new Memo<readonly Key[]>(MEMO_BYTES);

  constructor(key: (text: string) => Key, once: (text: string) => Key, lines: (text: string, into: Set<Key>) => void) {
    this.#key = key;
    this.#once = once;
    this.#lines = lines;
  }

  // ---------------------------------------------------------------- tool calls
  toolCall(data: ToolCallData, args: Key, cwd: string | undefined): MatchKeys {
    const found: Found = { texts: [], commands: [], argvs: [], workdirs: [] };
    collect(data.arguments, undefined, found, 0);
    const keys = new ToolKeys();
    const bases = [...found.workdirs.map((dir) => resolved(dir, cwd)), cwd === undefined ? undefined : absolute(cwd)];
    const known = bases.filter((base) => base !== undefined);
    for (const base of known) keys.cwds.add(this.#key(`p\0${base}`));
    const hasCommand = found.commands.length > 0 || found.argvs.length > 0;
    for (const text of found.texts) {
      this.#lines(text, keys.lines);
      if (!known.includes(absolute(text) ?? '')) this.#word(text, keys);
      if (text.length > 65_536) continue;
      for (const host of hostsIn(text)) keys.hosts.add(this.#key(`h\0${host}`));
      for (const path of pathsIn(text)) this.#named(path, known, keys, hasCommand);
      const pattern = hasCommand ? undefined : folderOfPattern(text);
      if (pattern !== undefined) this.#below(pattern, known, keys);
    }
    const lines = hasCommand
      ? found.commands
      : found.texts.filter((text) => text.length <= MAX_UNNAMED && !text.includes('\n'));
    for (const line of lines) {
      if (line.length > 65_536) continue;
      for (const command of working(commandsOfLine(line))) this.#command(command, keys);
      if (line.includes('\\'))
        for (const command of working(commandsOfLine(line, 0, true))) this.#command(command, keys);
    }
    for (const argv of found.argvs) for (const command of working(commandsOfArgv(argv))) this.#command(command, keys);
    return { args, ...keys.toMatchKeys() };
  }

  #word(text: string, keys: ToolKeys): void {
    if (text.length < MIN_STRING || text.length > 4096 || COMMON.test(text)) return;
    (isTelling(text) ? keys.strings : keys.words).add(this.#key(`w\0${text}`));
  }

  #command(command: string, keys: ToolKeys): void {
    if (command.length < 2) return;
    keys.commands.add(this.#key(`x\0${collapse(command)}`));
    keys.programs.add(this.#key(`n\0${programOf(command)}`));
  }

  /** A path as written: whole as far as a folder is known from which it counts, and its last components. */
  #named(path: string, bases: readonly string[], keys: ToolKeys, hasCommand: boolean): void {
    const whole = absolute(path);
    if (whole !== undefined) {
      keys.paths.add(this.#key(`p\0${whole}`));
      if (!hasCommand) keys.folders.add(this.#key(`p\0${whole}`));
      return;
    }
    const parts = components(path);
    const isHome = isBelowHome(path);
    if (!isHome) for (const base of bases) keys.paths.add(this.#key(`p\0${resolved(path, base) ?? ''}`));
    if (!isHome && !hasCommand) this.#below(path, bases, keys);
    if (parts.length === 0) return;
    const isAbove = isHome || /^\.\.(?:[\\/]|$)/.test(path);
    keys.tail(this.#key(`q\0${tailOf(parts, parts.length)}`), isAbove ? 0 : parts.length);
  }

  #below(folder: string, bases: readonly string[], keys: ToolKeys): void {
    for (const base of bases) {
      const whole = resolved(folder, base);
      if (whole !== undefined && whole !== '/') keys.folders.add(this.#key(`p\0${whole}`));
    }
  }

  // ---------------------------------------------------------------- programs
  exec(data: ExecData, cwd: string | undefined): MatchKeys {
    const argv = data.args ?? [];
    const strings = new Set<Key>();
    const words = new Set<Key>();
    const at = absolute(data.cwd ?? cwd ?? '');
    for (const word of argv.slice(1, 1 + MAX_KEYS)) {
      if (at !== undefined && absolute(word) === at) continue;
      for (const text of word.startsWith('--') && word.includes('=')
        ? [word, word.slice(word.indexOf('=') + 1)]
        : [word]) {
        if (text.length < MIN_STRING || text.length > 4096 || COMMON.test(text)) continue;
        (isTelling(text) ? strings : words).add(this.#key(`w\0${text}`));
      }
    }
    const commands = new Set<Key>();
    const programs = new Set<Key>();
    for (const command of working(commandsOfArgv(argv))) {
      commands.add(this.#key(`x\0${collapse(command)}`));
      programs.add(this.#key(`n\0${programOf(command)}`));
    }
    return {
      ...(strings.size > 0 && { strings: [...strings] }),
      ...(words.size > 0 && { words: [...words] }),
      ...(commands.size > 0 && { commands: [...commands] }),
      ...(programs.size > 0 && { programs: [...programs] }),
      ...(at !== undefined && { cwds: [this.#key(`p\0${at}`)] }),
      ...(readsCommands(argv) && { readsCommands: true as const }),
    };
  }

  // ---------------------------------------------------------------- files
  file(data: FileData, cwd: string | undefined): MatchKeys | undefined {
    return typeof data.path === 'string' ? this.#path(data.path, cwd) : undefined;
  }

  rename(data: RenameData, cwd: string | undefined): MatchKeys {
    const to = this.#path(data.new_path, cwd);
    const from = this.#path(data.old_path, cwd);
    return { ...to, paths: [...(to.paths ?? []), ...(from.paths ?? [])] };
  }

  #path(path: string, cwd: string | undefined): MatchKeys {
    const memo = `${cwd ?? ''}\0${path}`;
    const known = this.#pathsOf.get(memo);
    if (known !== undefined) return known;
    const whole = resolved(path, cwd) ?? path;
    const targets = madeFor(whole);
    const keys: MatchKeys = {
      paths: [this.#once(`p\0${whole}`)],
      tails: this.#tails(whole),
      ...this.#above(whole),
      ...(targets.length > 0 && {
        madeFor: targets.map((target) => this.#key(`p\0${target}`)),
        madeForTails: targets.flatMap((target) => this.#tails(target)),
      }),
    };
    this.#pathsOf.set(memo, keys);
    return keys;
  }

  #tails(path: string): Key[] {
    const parts = path.split('/').filter((part) => part !== '');
    const tails: Key[] = [];
    for (let n = 1; n <= Math.min(MAX_TAIL, parts.length); n++)
      tails.push(n === 1 ? this.#key(`q\0${tailOf(parts, 1)}`) : this.#once(`q\0${tailOf(parts, n)}`));
    return tails;
  }

  /** The folders above a path, nearest first, and how many of them see it without a hidden name between. */
  #above(path: string): Pick<MatchKeys, 'folders' | 'visible'> {
    const at = path.lastIndexOf('/');
    if (at <= 0) return {};
    const folder = path.slice(0, at);
    let folders = this.#foldersOf.get(folder);
    if (folders === undefined) {
      const list: Key[] = [];
      for (let end = folder.length; end > 0 && list.length < MAX_FOLDERS; end = folder.lastIndexOf('/', end - 1))
        list.push(this.#key(`p\0${folder.slice(0, end)}`));
      folders = list;
      this.#foldersOf.set(folder, folders);
    }
    const parts = path.split('/').reverse();
    const hidden = parts.findIndex((part) => part.startsWith('.'));
    return { folders, visible: hidden < 0 ? folders.length : Math.min(hidden, folders.length) };
  }

  // ---------------------------------------------------------------- hosts
  connect(data: ConnectData): MatchKeys | undefined {
    return this.#hosts([data.dest?.domain, data.dest?.ip], []);
  }

  /** The host that a model is asked at. */
  server(attrs: OispEvent['attrs']): MatchKeys | undefined {
    const host = attrs?.['server.address'];
    if (typeof host !== 'string' || host === '') return undefined;
    let keys = this.#servers.get(host);
    if (keys === undefined) {
      keys = this.#hosts([host], []) ?? {};
      this.#servers.set(host, keys);
    }
    return keys;
  }

  lookup(data: DnsData): MatchKeys | undefined {
    return this.#hosts([data.query_name], data.answers?.map((answer) => answer.value) ?? []);
  }

  #hosts(names: readonly (string | undefined)[], answers: readonly (string | undefined)[]): MatchKeys | undefined {
    const keys = (list: readonly (string | undefined)[]): Key[] => {
      const out: Key[] = [];
      for (const name of list.slice(0, 16))
        if (typeof name === 'string' && name !== '') out.push(this.#key(`h\0${name.toLowerCase().replace(/\.$/, '')}`));
      return out;
    };
    const hosts = keys(names);
    if (hosts.length === 0) return undefined;
    const domains = keys(names.flatMap((name) => (typeof name === 'string' ? domainsOf(name.toLowerCase()) : [])));
    const resolvedTo = keys(answers);
    return {
      hosts,
      ...(domains.length > 0 && { domains }),
      ...(resolvedTo.length > 0 && { answers: resolvedTo }),
      ...(names.some((name) => name !== undefined && REPORTING.test(name)) && { isReporting: true as const }),
    };
  }

  /** Folders that a text names as places, such as the working directory in a system prompt; at most 16. */
  placesIn(text: string): Key[] {
    const places: Key[] = [];
    for (const path of pathsIn(text.slice(0, 65_536))) {
      const whole = absolute(path);
      if (whole !== undefined && whole !== '/' && places.length < 16) places.push(this.#key(`p\0${whole}`));
    }
    return places;
  }
}

/** The keys of a tool call while they are gathered, each kind at most 64. */
class ToolKeys {
  readonly lines = new Set<Key>();
  readonly strings = new Bounded();
  readonly words = new Bounded();
  readonly commands = new Bounded();
  readonly programs = new Bounded();
  readonly paths = new Bounded();
  readonly folders = new Bounded();
  readonly cwds = new Bounded();
  readonly hosts = new Bounded();
  readonly #tails = new Map<Key, number>();

  tail(key: Key, depth: number): void {
    if (this.#tails.size < MAX_KEYS && !this.#tails.has(key)) this.#tails.set(key, depth);
  }

  toMatchKeys(): MatchKeys {
    const out: Record<string, unknown> = {};
    for (const name of [
      'lines',
      'strings',
      'words',
      'commands',
      'programs',
      'paths',
      'folders',
      'cwds',
      'hosts',
    ] as const)
      if (this[name].size > 0) out[name] = [...this[name]];
    if (this.#tails.size > 0) {
      out['tails'] = [...this.#tails.keys()];
      out['depths'] = [...this.#tails.values()];
    }
    return out;
  }
}

class Bounded extends Set<Key> {
  override add(key: Key): this {
    return this.size < MAX_KEYS ? super.add(key) : this;
  }
}

interface Found {
  readonly texts: string[];
  /** Texts that a shell is to run. */
  readonly commands: string[];
  readonly argvs: string[][];
  readonly workdirs: string[];
}

/** Every string below a value, by what the name of its argument says of it. */
function collect(value: unknown, name: string | undefined, found: Found, depth: number): void {
  if (found.texts.length >= MAX_KEYS || depth > MAX_DEPTH) return;
  if (typeof value === 'string') {
    if (name !== undefined && WORKDIR.test(name)) found.workdirs.push(value);
    if (name !== undefined && COMMAND.test(name)) found.commands.push(value);
    found.texts.push(value);
  } else if (Array.isArray(value)) {
    if (
      value.length > 0 &&
      value.every((item) => typeof item === 'string') &&
      (name === undefined || COMMAND.test(name))
    ) {
      found.argvs.push(value);
      // an argv: its words are no texts of their own
      for (const word of value.slice(0, MAX_KEYS)) found.texts.push(word);
    } else for (const item of value) collect(item, name, found, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) collect(item, key, found, depth + 1);
  }
}

/** Long, or made of more than letters: equal words of that kind are no accident. */
function isTelling(text: string): boolean {
  return text.length >= 6 || /[^A-Za-z]/.test(text.slice(1, -1));
}

/** What a shell does itself, before and after the commands that agents have it run. */
const BUILTIN =
  /^(?:cd|source|\.|pwd|export|unset|set|shopt|trap|echo|printf|exit|true|:|eval|local|declare|alias|unalias|umask|read|wait|test|\[)(?: |$)/;

/** The commands that start programs; all of them where none does. */
function working(commands: readonly string[]): readonly string[] {
  const programs = commands.filter((command) => !BUILTIN.test(command));
  return programs.length > 0 ? programs : commands;
}

function programOf(command: string): string {
  const at = command.indexOf(' ');
  return at < 0 ? command : command.slice(0, at);
}

function tailOf(parts: readonly string[], n: number): string {
  return parts.slice(-Math.min(n, MAX_TAIL)).join('/').toLowerCase();
}

function collapse(text: string): string {
  return (/\s\s|[^\S ]/.test(text) ? text.replace(/\s+/g, ' ') : text).trim();
}

/** Hosts that programs report to for themselves. */
const REPORTING =
  /(?:^|[.-])(?:telemetry|metrics?|stats|statsig|sentry|segment|amplitude|posthog|mixpanel|datadoghq|honeycomb|analytics|otel|otlp|events?|logs?|updates?)(?:[.-]|$)/i;

const URL_HOST =
  /\b(?:https?|wss?|ftp|ssh|git):\/\/(?:[^\s/@"'<>]{1,256}@)?(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})/g;
const SCP_HOST = /^[\w.-]{1,64}@([A-Za-z0-9.-]{1,253}):/;
const BARE_HOST = /^([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})(?::\d{1,5})?(?:\/\S{0,1024})?$/i;

/** Host names of the URLs in a text, and the text itself where it looks like one; lower case, at most 16. */
function hostsIn(text: string): string[] {
  const hosts: string[] = [];
  if (text.includes('://')) {
    for (const match of text.matchAll(URL_HOST)) {
      if (hosts.length >= 16) break;
      hosts.push((match[1] as string).replace(/^\[|\]$/g, '').toLowerCase());
    }
  }
  const one = SCP_HOST.exec(text)?.[1] ?? BARE_HOST.exec(text)?.[1];
  if (one) hosts.push(one.toLowerCase());
  for (const host of [...hosts]) if (host.startsWith('www.')) hosts.push(host.slice(4));
  return hosts;
}

/** The domains above a host name that are no top level. */
function domainsOf(name: string): string[] {
  if (/^[\d.]+$|:/.test(name)) return [];
  const parts = name.split('.');
  const out: string[] = [];
  for (let at = 1; at < parts.length - 1 && out.length < MAX_DOMAINS; at++) out.push(parts.slice(at).join('.'));
  return out;
}
