import { COMMANDS, CONFIG_NAME, type CommandFlags, FORM_NAME, isNoSecret } from './commands.ts';
import { positional } from './positional.ts';
import { isPlaceholder, secretKey } from './secret-keys.ts';

/** What an element of an argv says about the next one, or about itself. */
const SECRET_FLAG =
  /^--?[\w-]*(?:password|passwd|passphrase|passcode|token|secret|api[-_]?key|access[-_]?key|private[-_]?key|auth[-_]?key|credentials?)$/i;
const OWN_FLAG = /^(--?[\w-]{0,64}(?:password|passwd|passphrase|token)=)(.+)$/is;
const LOGIN_FLAG = /^(?:-u|--user|--proxy-user|-U)$/;
const DATA_FLAG = /^(?:-d|--data(?:-raw|-binary|-urlencode|-ascii)?|--post-data|--body-data|-F|--form(?:-string)?)$/;
const FORM_FIELD = new RegExp(`((?:^|=|&)(?:${FORM_NAME})=)([^&]+)`, 'gi');
const SCHEME = /^(?:bearer|basic|token|digest|negotiate|apikey)$/i;
const DONE = /^["']?(?:(?:bearer|basic|token|digest|negotiate) )?\[[A-Z_]+_REDACTED\]["']?$/i;
/** Between two commands of a line. */
const SEPARATOR = /^(?:\||\|\||&&|&)$|;$/;
const LABEL = '[PASSWORD_REDACTED]';
const TOKEN = '[TOKEN_REDACTED]';
/** Programs that look for words, or show them: `grep password notes` names no credential. */
const SEARCH =
  /^(?:[efz]?grep|rg|ag|ack|awk|sed|find|fd|locate|man|info|which|whereis|type|cat|less|ls|cd|rm|cp|mv|mkdir|touch|apropos|git|code|vim?|nano)$/;

const BY_PROGRAM = new Map<string, Flag[]>();
const ALWAYS: Flag[] = [];

interface Flag extends CommandFlags {
  readonly names: readonly string[];
  readonly kept: RegExp | undefined;
}

for (const of of COMMANDS) {
  const flag: Flag = {
    ...of,
    names: of.flags.split(' '),
    kept: of.keep === undefined ? undefined : new RegExp(`^["']?${of.keep}`),
  };
  if (of.programs === undefined) ALWAYS.push(flag);
  for (const program of of.programs?.split(' ') ?? []) {
    const known = BY_PROGRAM.get(program);
    if (known === undefined) BY_PROGRAM.set(program, [flag]);
    else known.push(flag);
  }
}

/**
 * Redacts the secrets that only neighbours give away: `--password X`, `-u user:X`, `mysql -pX`, `Authorization: Bearer X` in three elements.
 * Every element then goes through `rules`. The same list when nothing changed.
 */
export function redactArgv(
  args: readonly string[],
  rules: (text: string) => string,
  found: () => void,
): readonly string[] {
  let out: string[] | undefined;
  let active = new Set(ALWAYS);
  let seen = new Set<string>();
  const places = positional(args);
  const isSearch = SEARCH.test(programOf(args[0] ?? ''));
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    let hidden = places.has(i) && !isDone(arg) && !isNoSecret(arg) ? LABEL : hide(arg, args[i - 1]);
    hidden ??= named(args, i, isSearch) ?? flagged(arg, args[i - 1], active, seen);
    if (hidden !== undefined && hidden !== arg) found();
    const next = hidden ?? rules(arg);
    if (next !== arg) {
      out ??= args.slice();
      out[i] = next;
    }
    if (SEPARATOR.test(arg)) {
      active = new Set(ALWAYS);
      seen = new Set();
      continue;
    }
    seen.add(arg);
    for (const flag of BY_PROGRAM.get(programOf(arg)) ?? []) active.add(flag);
  }
  return out ?? args;
}

/** The name of a program without its folder, quotes and `.exe`. */
function programOf(arg: string): string {
  return arg.length > 4096
    ? ''
    : arg.slice(Math.max(arg.lastIndexOf('/'), arg.lastIndexOf('\\')) + 1).replace(/^["'(`]+|["']$|\.exe["']?$/g, '');
}

function isDone(arg: string): boolean {
  return /^["']*$/.test(arg) || DONE.test(arg);
}

function hide(arg: string, before: string | undefined): string | undefined {
  const own = OWN_FLAG.exec(arg);
  if (own !== null) {
    const [, flag = '', value = ''] = own;
    return isDone(value) || isNoSecret(value) || isPlaceholder(value) ? undefined : flag + LABEL;
  }
  if (before === undefined || isDone(arg) || arg.startsWith('$')) return undefined;
  if (SECRET_FLAG.test(before) && !arg.startsWith('--')) return LABEL;
  if (LOGIN_FLAG.test(before)) {
    const colon = arg.indexOf(':');
    const login = arg.slice(colon + 1);
    const isIds = /^\d+$/.test(login) && /^\d*$/.test(arg.slice(0, Math.max(0, colon)));
    if (colon >= 0 && !isDone(login) && !isIds && !/^\$[\w{(]/.test(login)) return arg.slice(0, colon + 1) + LABEL;
  }
  if (DATA_FLAG.test(before)) {
    const form = arg.replace(FORM_FIELD, (all, name: string, value: string) =>
      isNoSecret(value) || isPlaceholder(value) ? all : name + LABEL,
    );
    return form === arg ? undefined : form;
  }
  return undefined;
}

/** A secret behind the name of a header, a field or a setting that is an element of its own. */
function named(args: readonly string[], at: number, isSearch: boolean): string | undefined {
  const arg = args[at] ?? '';
  const before = args[at - 1];
  if (before === undefined || before.length > 130 || isDone(arg) || isNoSecret(arg)) return undefined;
  const scheme = args[at - 2];
  if (scheme !== undefined && SCHEME.test(before) && headerKind(scheme)) return TOKEN;
  if (headerKind(before)) return SCHEME.test(arg) || isPlaceholder(arg) || /\s/.test(arg) ? undefined : TOKEN;
  if (at >= 2 && CONFIG_NAME.test(before)) return isPlaceholder(arg) ? undefined : LABEL;
  // `passwd bob`, `grep password notes.txt` and `password reset` name no password
  const isWord = !isSearch && (/^(?:password|passphrase)$/i.test(before) || (at >= 2 && /^passwd$/i.test(before)));
  return isWord && looksMade(arg) ? LABEL : undefined;
}

function headerKind(name: string): boolean {
  const bare = /^["']?([\w-]{3,64}):["']?$/.exec(name)?.[1];
  return bare !== undefined && secretKey(bare) !== undefined;
}

/** A word that nobody would write as a name: four characters or more with a digit or a sign, no path, file or assignment. */
function looksMade(word: string): boolean {
  return word.length >= 4 && /[\d!@#$%^*+?~]/.test(word) && !/^\d+$|^[./~]|[/=]|\.[a-z]{1,5}\d?$|^[\w-]+:$/i.test(word);
}

function flagged(
  arg: string,
  before: string | undefined,
  active: ReadonlySet<Flag>,
  seen: ReadonlySet<string>,
): string | undefined {
  for (const { names, form, kept, sub, type, flags } of active) {
    if (sub !== undefined && !seen.has(sub)) continue;
    if (flags === '--from-literal' && seen.has('configmap')) continue;
    const label = type === 'token' ? TOKEN : LABEL;
    for (const name of names) {
      const head = form !== 'glued' && before === name ? '' : headOf(arg, name, form);
      if (head === undefined) continue;
      const value = arg.slice(head.length);
      const keep = kept === undefined ? '' : kept.exec(value)?.[0];
      if (keep === undefined) continue;
      const secret = value.slice(keep.length);
      if (isDone(secret) || isNoSecret(secret) || (/^\d+$/.test(secret) && /^\d+:$/.test(keep))) continue;
      return head + keep + label;
    }
  }
  return undefined;
}

/** What stands before a value in the same element: `-p` of `-pX`, `--auth=`. */
function headOf(arg: string, name: string, form: CommandFlags['form']): string | undefined {
  if (!arg.startsWith(name)) return undefined;
  if (name.startsWith('--')) return arg.startsWith('=', name.length) ? `${name}=` : undefined;
  return form === 'next' || arg.length === name.length ? undefined : name;
}

/** A command line or a script in one text: the words of each line are treated like an argv, after the rules have seen the whole. */
export function redactCommandLine(line: string, rules: (text: string) => string, found: () => void): string {
  const text = rules(line);
  if (!text.includes('\n')) return oneLine(text, found);
  return text
    .split(/(?<!\\)\n/)
    .map((part) => oneLine(part, found))
    .join('\n');
}

function oneLine(text: string, found: () => void): string {
  const words = text.split(' ');
  const out = words.length < 2 ? words : redactArgv(words, (word) => word, found);
  if (out === words) return text;
  // a quote that closes behind a secret stays
  return out.map((word, i) => (word === words[i] ? word : word + closing(words[i] ?? '', word))).join(' ');
}

function closing(before: string, after: string): string {
  const quote = /["']$/.exec(before)?.[0] ?? '';
  return after.endsWith(quote) ? '' : quote;
}
