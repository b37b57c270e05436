import type { Rule } from '../engine/rule.ts';

const PASSWORD = { type: 'password', label: '[PASSWORD_REDACTED]' } as const;
const API_KEY = { type: 'api_key', label: '[API_KEY_REDACTED]' } as const;
const TOKEN = { type: 'token', label: '[TOKEN_REDACTED]' } as const;

/** A name may go on (`SECRET_KEY_BASE`, `password2`), but not into something else (`token_count`, `passwordHash`). */
const MORE =
  '(?![_-]?(?:hash|id|ids|type|count|limit|name|url|uri|path|file|dir|length|len|size|ttl|expir\\w*|endpoint|env|field|policy|hint|ref)\\b)\\d{0,3}(?:[_-][A-Za-z0-9]{1,16}){0,3}';
/** A quote, also escaped in JSON text up to three levels deep. */
const QUOTE = '\\\\{0,7}["\'`]';
const SIGN = '\\s{0,4}(?::=|=>|==?|:|%3D|%3A)\\s{0,4}';
/** In quotes the value goes to the same quote or an escape; else to white space or a character that ends a word in code, shell and URLs. */
const VALUE =
  '(?:(?<=")[^"\\\\\\r\\n]{1,256}|(?<=\')[^\'\\\\\\r\\n]{1,256}|(?<=`)[^`\\\\\\r\\n]{1,256}|(?<!["\'`])[^\\s"\'`\\\\&,;<>(){}[\\]|]{1,256})';
const TAIL = /[^\s"'`\\&,;<>(){}[\]|]+/y;

/** `name = value` in code, shell, JSON, YAML, headers and query strings. */
function assignment(names: string): RegExp {
  return new RegExp(`((?:${names})${MORE}(?:${QUOTE})?${SIGN}(?:${QUOTE})?)${VALUE}`, 'iy');
}

/** `--name value`. */
function flag(names: string): RegExp {
  return new RegExp(`((?:${names})\\s{1,4}(?:${QUOTE})?)${VALUE}`, 'iy');
}

const KEY_NAMES =
  'api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|account[_-]?key|auth[_-]?key|encryption[_-]?key|signing[_-]?key|master[_-]?key';
const TOKEN_NAMES =
  '(?:access|auth|refresh|session|bearer|id|api|bot|csrf)?[_-]?token|client[_-]?secret|secret|credentials?';

/** Credentials that no vendor's form gives away: what is written beside them does. */
export const GENERIC_RULES: readonly Rule[] = [
  {
    type: 'private_key',
    label: '[PRIVATE_KEY_REDACTED]',
    anchors: ['-----begin '],
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]{0,20000}(?:-(?!----END)[^-]{0,20000}){0,8}-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]*)/y,
  },
  {
    type: 'jwt',
    label: '[JWT_REDACTED]',
    anchors: ['eyJ'],
    // header and payload, or the five parts of an encrypted token (RFC 7519, RFC 7516)
    pattern: /eyJ[\w-]{8,}\.(?:eyJ[\w-]{4,}|[\w-]*\.[\w-]{8,}\.[\w-]{8,})\.[\w-]*/y,
    left: 'dash',
  },
  {
    ...TOKEN,
    anchors: ['bearer ', 'bearer%00', 'bearer:'],
    pattern: /(bearer(?:\s|%20|:\s?){1,4})[\w.~+/=-]{16,}/iy,
    left: 'word',
    verify: (secret) => /\d/.test(secret) || secret.length >= 32,
  },
  {
    ...PASSWORD,
    anchors: ['basic '],
    pattern: /(basic\s{1,4})[A-Za-z0-9+/_-]{8,}={0,2}/iy,
    left: 'word',
    verify: (secret) => /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(secret, 'base64').toString('latin1')),
  },
  // user:password@ of a URL (RFC 3986 3.2.1), also with an empty user
  {
    ...PASSWORD,
    anchors: ['://'],
    pattern: /(:\/\/[^\s:@/?#"'`\\<>]{0,128}:)[^\s/?#"'`\\<>]{1,256}(?=@)/y,
    verify: (secret) => !isReference(secret),
  },
  // a token as the user of a URL
  {
    ...TOKEN,
    anchors: ['://'],
    pattern: /(:\/\/)[A-Za-z0-9_-]{20,256}(?=@)/y,
    verify: (secret) => /\d/.test(secret),
  },
  {
    ...PASSWORD,
    anchors: ['password', 'passwd', 'passphrase', 'passcode', 'pwd', 'pgpassword', 'mysql_pwd', '_pass', 'dbpass'],
    tail: TAIL,
    pattern: assignment('(?:db|pg|_)?pass(?:word|wd|phrase|code)?|(?:mysql_)?pwd'),
    verify: isPassword,
  },
  {
    ...PASSWORD,
    anchors: ['password', 'passwd', 'passphrase', 'pass '],
    tail: TAIL,
    pattern: flag('password|passwd|passphrase|pass'),
    verify: (secret, text, start) => isFlag(text, start) && isPassword(secret),
  },
  {
    ...API_KEY,
    anchors: [
      'api_key',
      'apikey',
      'api-key',
      'access_key',
      'accesskey',
      'access-key',
      'secret_key',
      'secretkey',
      'secret-key',
      'private_key',
      'privatekey',
      'private-key',
      'account_key',
      'auth_key',
      'auth-key',
      'encryption_key',
      'signing_key',
      'master_key',
    ],
    tail: TAIL,
    pattern: assignment(KEY_NAMES),
    verify: isKey,
  },
  {
    ...API_KEY,
    anchors: ['api-key', 'api_key', 'apikey', 'access-key', 'secret-key', 'auth-key'],
    tail: TAIL,
    pattern: flag(KEY_NAMES),
    verify: (secret, text, start) => isFlag(text, start) && isKey(secret),
  },
  {
    ...TOKEN,
    anchors: ['token', 'secret', 'credential'],
    tail: TAIL,
    pattern: assignment(TOKEN_NAMES),
    verify: isKey,
  },
  {
    ...TOKEN,
    anchors: ['token', 'secret', 'credential'],
    tail: TAIL,
    pattern: flag(TOKEN_NAMES),
    verify: (secret, text, start) => isFlag(text, start) && isKey(secret),
  },
  // any scheme, or none, behind the name of the header
  {
    ...TOKEN,
    anchors: ['authorization'],
    pattern: new RegExp(
      `(authorization(?:${QUOTE})?${SIGN}(?:${QUOTE})?(?:(?:bearer|basic|token|digest|negotiate|apikey|key)\\s{1,4})?)[\\w.~+/=:-]{6,256}`,
      'iy',
    ),
    tail: TAIL,
    verify: (secret) => !isReference(secret) && /\d/.test(secret),
  },
  {
    ...API_KEY,
    anchors: ['?key=', '&key='],
    pattern: /([?&]key=)[\w.~-]{16,}/y,
    verify: (secret) => /\d/.test(secret),
  },
  {
    ...TOKEN,
    anchors: ['cookie:', 'cookie":', 'cookie\\":'],
    pattern: /((?:set-)?cookie(?:\\{0,3}")?:\s{0,4}(?:\\{0,3}")?)[^\r\n"\\]{8,}/iy,
  },
  // .netrc
  {
    ...PASSWORD,
    anchors: ['machine '],
    pattern: /(machine\s{1,8}[\w.-]{1,128}\s{1,8}login\s{1,8}\S{1,128}\s{1,8}password\s{1,8})\S{3,}/y,
    left: 'word',
  },
  // npm's and docker's stored logins
  {
    ...TOKEN,
    anchors: [':_auth', '"auth"'],
    pattern: /((?::_auth(?:Token)?\s{0,2}=|"auth"\s{0,2}:)\s{0,2}"?)[A-Za-z0-9+/_-]{16,}={0,2}/y,
  },
];

const NO_VALUES = new Set(
  (
    'string str text true false null none nil undefined required optional number int integer bool boolean object array any unknown void self this ' +
    'password passwd secret token key value your yours yes no input prompt hidden masked redacted changed incorrect invalid wrong missing empty ' +
    'expired correct field char varchar bytes buffer option some func function const let var not is was and or if for with from the must should ' +
    'type default auto basic bearer oauth sensitive public private protected static readonly async await return new import secretstr env vault'
  ).split(' '),
);

/** A name that stands for a value: a variable, a path into an object, a template, a mask. */
function isReference(value: string): boolean {
  if (/^(?:\$|%[A-Za-z_]+%|<|\{|&|\*|@|!|x{3,}|\.{3}|-$|#)/i.test(value)) return true;
  if (/^\[[A-Z_]+_REDACTED\]?$/.test(value) || /^(?:\*+|•+|x+|\.+|-+|_+)$/i.test(value)) return true;
  return /^(?:process\.env|os\.(?:environ|getenv)|env\.|import\.meta|config\.|settings\.|self\.|this\.|args\.|options\.|secrets\.|var\.|data\.)/.test(
    value,
  );
}

function isPassword(value: string, text: string = value, start = 0, end: number = value.length): boolean {
  if (value.length < 4 || isReference(value)) return false;
  const lower = value.toLowerCase().replace(/[.!?]+$/, '');
  // openssl's -pass pass:X has its own rule
  if (NO_VALUES.has(lower) || lower === 'pass:' || /^(?:env|file|fd):/.test(lower)) return false;
  const opens = text.charCodeAt(end);
  // a call, a list, a path into an object: code that gets the value
  if (opens === 40 || opens === 91) return false;
  if (/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/.test(value) && !/\d/.test(value)) return false;
  if (/^[a-z_.]+$/i.test(value) && /pass|pwd|secret/.test(lower)) return false;
  // PWD=/home/me
  return (
    !/^(?:\/|~|[A-Za-z]:[\\/])/.test(value) || !/pwd["']?\s*[:=]/i.test(text.slice(Math.max(0, start - 12), start))
  );
}

function isKey(value: string, text: string = value, _start = 0, end: number = value.length): boolean {
  if (value.length < 8 || isReference(value)) return false;
  const opens = text.charCodeAt(end);
  if (opens === 40 || opens === 91) return false;
  if (/\s/.test(value) || /^(?:https?|file|arn|urn):/.test(value) || /^[./~]/.test(value)) return false;
  if (!/[A-Za-z]/.test(value)) return value.length >= 16 && /\d{16}/.test(value);
  if (/\d/.test(value)) return !/^[a-z_.]+\d?$/i.test(value);
  // no digit: a word, or letters in a mix that no word has
  return value.length >= 16 && /[a-z][A-Z].*[a-z][A-Z].*[a-z][A-Z]/.test(value) && !/[._]/.test(value);
}

/** Whether the word that ends before the value is a flag: a dash after white space or a quote, at most 40 characters back. */
function isFlag(text: string, start: number): boolean {
  return /(?:^|[\s"'`/=])--?[A-Za-z0-9_-]{2,40}\s{1,4}\\{0,7}["'`]?$/.test(text.slice(Math.max(0, start - 56), start));
}
