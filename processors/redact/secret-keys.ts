/** What the name of a field, a header or a variable says about its value. */
export type KeyKind = 'password' | 'token' | 'api_key' | undefined;

const LABELS = { password: '[PASSWORD_REDACTED]', token: '[TOKEN_REDACTED]', api_key: '[API_KEY_REDACTED]' } as const;

const PASSWORD =
  /(?:password|passwd|passphrase|passcode|dbpass|smtppass|(?:db|mysql|pg|smtp|root|admin|user)pwd)\d{0,3}$/;
const API_KEY = /(?:api|access|secret|private|account|auth|encryption|signing|master)key(?:base)?\d{0,3}$/;
const TOKEN = /(?:token|secret|credential|authorization|cookie|connectionstring|sessionkey)\d{0,3}$/;

/** Whether a field of this name holds a secret: `DB_PASSWORD`, `x-api-key`, `clientSecret`, `Authorization`. */
export function secretKey(name: string): KeyKind {
  if (name.length > 128 || name.length < 4) return undefined;
  const plain = name.replace(/[-_. ]/g, '').toLowerCase();
  if (PASSWORD.test(plain) || /_pass$/i.test(name)) return 'password';
  if (API_KEY.test(plain)) return 'api_key';
  return TOKEN.test(plain) ? 'token' : undefined;
}

/** A value under a secret name that is no secret itself: a mask, a reference, a word that says whether there is one. */
export function isPlaceholder(value: string): boolean {
  return (
    value.length < 3 ||
    /^\[[A-Z_]+_REDACTED\]$/.test(value) ||
    /^(?:true|false|null|none|undefined|string|required|include|omit|same-origin|\*+|x+|<[^>]*>|\$\{?\w+\}?)$/i.test(
      value,
    )
  );
}

/** The label for a value under a name; a scheme before a credential (`Bearer …`) stays. */
export function labelFor(kind: Exclude<KeyKind, undefined>, value: string): string {
  const scheme = /^(?:bearer|basic|token|digest|negotiate) /i.exec(value)?.[0];
  return scheme === undefined ? LABELS[kind] : scheme + LABELS[kind];
}
