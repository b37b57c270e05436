import { COMMANDS, type CommandFlags, FORM_NAME, isNoSecret } from '../commands.ts';
import { isBoundary, type Rule } from '../engine/rule.ts';

const PASSWORD = { type: 'password', label: '[PASSWORD_REDACTED]' } as const;
const TOKEN = { type: 'token', label: '[TOKEN_REDACTED]' } as const;
const AWS = { type: 'aws_key', label: '[AWS_KEY_REDACTED]' } as const;

/** A quote, also escaped in JSON text. */
const QUOTE = `(?:\\\\{0,7}["'])?`;
/** Between two words: blanks, or the quotes and comma of a list in JSON. */
const BETWEEN = `(?:[ \\t]{1,4}|\\\\{0,7}["'] {0,2}, {0,2}\\\\{0,7}["'])`;
const WORD = `[^\\s"'\\\\|;]{1,128}`;
const VALUE = `(?:(?<=")[^"\\\\\\r\\n]{1,256}|(?<=')[^'\\\\\\r\\n]{1,256}|(?<!["'])[^\\s"'\`\\\\&;|<>()]{1,256})`;
const TAIL = /[^\s"'`\\&;|<>()]+/y;
/** How far before a flag its program is looked for. */
const REACH = 512;

/** A value whose quote opens before what stays of it: `"user:X"`. */
function inQuotes(keep: string): string {
  return `(?<="${keep})[^"\\\\\\r\\n]{1,256}|(?<='${keep})[^'\\\\\\r\\n]{1,256}`;
}

interface Programs {
  readonly names: RegExp | undefined;
  readonly subs: ReadonlyMap<string, string>;
}

function ruleOf(flags: string, { form, keep, type }: CommandFlags, programs: Programs): Rule {
  const names = flags.split(' ');
  const join =
    form === 'glued'
      ? ''
      : form === 'next'
        ? `(?:${BETWEEN}|=)`
        : flags.startsWith('--')
          ? `(?:${BETWEEN}|=)`
          : `${BETWEEN}?`;
  return {
    ...(type === 'token' ? TOKEN : PASSWORD),
    anchors: names.flatMap((name) => [` ${name}`, `"${name}`, `'${name}`]),
    pattern: new RegExp(
      `([ "'](?:${names.join('|')})${join}${QUOTE}${keep === undefined ? '' : keep + QUOTE})${keep === undefined ? VALUE : `(?:${inQuotes(keep)}|${VALUE})`}`,
      'y',
    ),
    tail: TAIL,
    verify: (secret, text, start) => !isNoSecret(secret) && !isIds(secret, text, start) && isOf(programs, text, start),
  };
}

/** `1000:1000`, a user and a group. */
function isIds(secret: string, text: string, start: number): boolean {
  return /^\d+$/.test(secret) && /[\s"'u]\d{1,10}:$/.test(text.slice(Math.max(0, start - 12), start));
}

/** Whether one of the programs stands before `at` in the same command. */
function isOf({ names, subs }: Programs, text: string, at: number): boolean {
  const before = text.slice(beginOf(text, at), at);
  if (names === undefined) return !/\bconfigmap\b/.test(before);
  names.lastIndex = 0;
  for (let match = names.exec(before); match !== null; match = names.exec(before)) {
    const sub = subs.get(match[0]);
    if (!isBoundary(before, match.index, 'dash') || before.charAt(match.index - 1) === '.') continue;
    if (sub === undefined || before.lastIndexOf(sub) > match.index) return true;
  }
  return false;
}

/** Where the command before `at` begins: behind a line break that no backslash joins, or `;`, `|`, `&&` outside of quotes. */
function beginOf(text: string, at: number): number {
  const least = Math.max(0, at - REACH);
  let double = 0;
  let single = 0;
  // the quote that opens the value is not closed yet
  let i = at - 1;
  const last = text[i];
  if (last === '"' || last === "'") i--;
  for (; i >= least; i--) {
    const code = text.charCodeAt(i);
    if (code === 34) double ^= 1;
    else if (code === 39) single ^= 1;
    else if (code === 10 || (code === 110 && text.charCodeAt(i - 1) === 92)) {
      const before = text.charCodeAt(code === 10 ? i - 1 : i - 2);
      if (before !== 92 && !(before === 13 && text.charCodeAt(i - 2) === 92)) return i + 1;
    } else if (double === 0 && single === 0) {
      if (code === 59 || code === 124) {
        if (text.charCodeAt(i + 1) === 32 || text.charCodeAt(i - 1) === 32) return i + 1;
      } else if (code === 38 && text.charCodeAt(i - 1) === 38) return i + 1;
    }
  }
  return least;
}

/** One rule per flag and form, for all programs that share it. */
function commandRules(): Rule[] {
  const groups = new Map<string, { flags: string; of: CommandFlags; entries: CommandFlags[] }>();
  for (const of of COMMANDS) {
    for (const flags of [short(of), long(of)]) {
      if (flags === '') continue;
      const key = [flags, of.form, of.keep, of.type, of.programs === undefined].join('\0');
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { flags, of, entries: [of] });
      else group.entries.push(of);
    }
  }
  return [...groups.values()].map(({ flags, of, entries }) => {
    const subs = new Map<string, string>();
    const names = entries.flatMap(({ programs, sub }) => {
      const own = programs?.split(' ') ?? [];
      if (sub !== undefined) for (const name of own) subs.set(name, sub);
      return own;
    });
    const pattern =
      names.length === 0 ? undefined : new RegExp(`(?:${names.join('|')})(?=(?:\\.exe)?[\\s"'\\\\])`, 'g');
    return ruleOf(flags, of, { names: pattern, subs });
  });
}

function short({ flags }: CommandFlags): string {
  return flags
    .split(' ')
    .filter((flag) => !flag.startsWith('--'))
    .join(' ');
}

function long({ flags }: CommandFlags): string {
  return flags
    .split(' ')
    .filter((flag) => flag.startsWith('--'))
    .join(' ');
}

const HT_FLAG = `${BETWEEN}-[A-Za-z]{1,8}(?:${BETWEEN}\\d{1,2})?(?![\\w])`;
const NET_USER = `/user:${WORD}`;

/** Secrets in commands by their place, in forms and in signed URLs. */
export const COMMAND_RULES: readonly Rule[] = [
  ...commandRules(),
  // htpasswd -nb user password, htpasswd -b file user password
  {
    ...PASSWORD,
    anchors: ['htpasswd'],
    pattern: new RegExp(
      `(htpasswd(?=(?:${HT_FLAG}){0,5}${BETWEEN}-[A-Za-z]{0,7}b)(?:(?=(?:${HT_FLAG}){0,5}${BETWEEN}-[A-Za-z]{0,7}n)(?:${HT_FLAG}){1,6}${BETWEEN}(?!-)${WORD}|(?!(?:${HT_FLAG}){0,5}${BETWEEN}-[A-Za-z]{0,7}n)(?:${HT_FLAG}){1,6}${BETWEEN}(?!-)${WORD}${BETWEEN}${WORD})${BETWEEN}${QUOTE})${VALUE}`,
      'y',
    ),
    left: 'word',
    tail: TAIL,
    verify: (secret) => !isNoSecret(secret),
  },
  {
    ...TOKEN,
    anchors: ['vault'],
    pattern: new RegExp(
      `(vault${BETWEEN}login(?:${BETWEEN}-[\\w=-]{1,64}){0,4}${BETWEEN}${QUOTE}(?:token=)?)${VALUE}`,
      'y',
    ),
    left: 'word',
    tail: TAIL,
    // "the vault login page"
    verify: (secret) => !isNoSecret(secret) && /\d/.test(secret) && !secret.includes('='),
  },
  {
    ...TOKEN,
    anchors: [':_auth', ':_password'],
    pattern: new RegExp(`(:_(?:authToken|auth|password)(?:${BETWEEN}|=)${QUOTE})${VALUE}`, 'y'),
    tail: TAIL,
    verify: (secret) => !isNoSecret(secret),
  },
  // net use share password /user:name, net use share /user:name password
  {
    ...PASSWORD,
    anchors: ['net use ', 'net","use"', 'net.exe use '],
    pattern: new RegExp(
      `(net(?:\\.exe)?${BETWEEN}use(?:${BETWEEN}[^\\s"'|;/]{1,128}){1,2}${BETWEEN}${QUOTE})[^\\s"'|;/]{1,128}(?=["']?${BETWEEN}/user:)`,
      'iy',
    ),
    left: 'word',
    verify: (secret) => !isNoSecret(secret) && secret !== '*' && !secret.startsWith('\\'),
  },
  {
    ...PASSWORD,
    anchors: ['net use ', 'net","use"', 'net.exe use '],
    pattern: new RegExp(
      `(net(?:\\.exe)?${BETWEEN}use(?:${BETWEEN}(?!/user:)["']?[^\\s"'|;]{1,128}["']?){1,3}${BETWEEN}${NET_USER}${BETWEEN}${QUOTE})${VALUE}`,
      'iy',
    ),
    left: 'word',
    tail: TAIL,
    verify: (secret) => !isNoSecret(secret) && !secret.startsWith('/'),
  },
  // a field of a form body or query, beside another one
  {
    ...PASSWORD,
    anchors: ['pass', 'pwd=', 'secret=', 'token=', 'api_key=', 'apikey=', 'otp='],
    pattern: new RegExp(`((?:${FORM_NAME})=["']?)[^\\s&"'\\\\<>(){}[\\],;]{1,256}`, 'iy'),
    left: 'word',
    tail: TAIL,
    verify: isField,
  },
  {
    ...PASSWORD,
    anchors: ['"pass"', '"pass\\"', '"pass\\\\\\"'],
    pattern: /("pass\\{0,3}" {0,2}: {0,2}\\{0,3}")[^"\\\r\n]{3,256}/iy,
    tail: /[^"\\\r\n]+/y,
    verify: (secret) => !isNoSecret(secret) && !/^(?:true|false|null|none|string|yes|required)$/i.test(secret),
  },
  // signed URLs: AWS Signature Version 4, Google Cloud Storage V4
  {
    ...AWS,
    anchors: ['x-amz-signature', 'x-amz-credential', 'x-amz-security-token'],
    pattern: /(x-amz-(?:signature|credential|security-token)(?:=|%3D))[\w%/.~+=-]{8,256}/iy,
    tail: /[\w%/.~+=-]+/y,
  },
  {
    ...TOKEN,
    anchors: ['x-goog-signature', 'x-goog-credential'],
    pattern: /(x-goog-(?:signature|credential)(?:=|%3D))[\w%/.~+=@-]{8,256}/iy,
    tail: /[\w%/.~+=@-]+/y,
  },
  { ...TOKEN, anchors: ['?signature=', '&signature='], pattern: /([?&]signature=)[\w%/.~+=-]{16,}/iy },
];

function isField(secret: string, text: string, start: number, end: number): boolean {
  if (isNoSecret(secret) || /^(?:true|false|null|none|undefined|yes|no|\d{1,3}|\$.*|process\.env.*)$/i.test(secret))
    return false;
  const name = text.slice(Math.max(0, start - 40), start);
  const isNext = /[\w%.=-]&[\w.-]+=["']?$/.test(name) || /\?[\w.-]+=["']?$/.test(name);
  // "&" and a name without blanks: `user=b&pass=c`, not `a && b`
  const isBeforeNext = text.charCodeAt(end) === 38 && /^&[\w.[\]%-]+=/.test(text.slice(end, end + 66));
  return (
    isNext ||
    isBeforeNext ||
    /(?:\s|["'])(?:-d|-F|--form|--data(?:-raw|-urlencode|-binary)?)(?:[\s=]{1,2}|["'],\s?)\\{0,3}["']?[\w.-]+=["']?$/.test(
      name,
    )
  );
}
