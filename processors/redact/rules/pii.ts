import type { Rule } from '../engine/rule.ts';

/** Names of files and packages that look like a domain. */
const NO_DOMAIN =
  /\.(?:png|jpe?g|gif|svg|webp|ico|css|scss|js|mjs|cjs|jsx|tsx?|json|map|md|txt|ya?ml|html?|service|socket|target|timer|mount|local|py|rs|go|lock|toml)$/i;

/** Personal data. */
export const PII_RULES: readonly Rule[] = [
  {
    type: 'email',
    label: '[EMAIL_REDACTED]',
    anchors: ['@'],
    pattern: /[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9_-])/y,
    begin: localPart,
    // git@host:path is a login that everybody has, //user@host/ the user of a URL
    verify: (secret, text, start, end) =>
      !NO_DOMAIN.test(secret) &&
      !(secret.startsWith('git@') && /[:/]/.test(text.charAt(end))) &&
      !(start >= 2 && text.startsWith('//', start - 2)),
    pii: true,
  },
  {
    type: 'credit_card',
    label: '[CREDIT_CARD_REDACTED]',
    anchors: ['0000'],
    pattern: /(?:\d{13,19}|\d{4}(?: \d{4} \d{4} |-\d{4}-\d{4}-)\d{1,7}|3\d{3}(?: \d{6} |-\d{6}-)\d{5})(?![\w-]|\.\d)/y,
    begin: (text, at) => (standsAlone(text, at) ? at : -1),
    verify: isCard,
    pii: true,
  },
];

/** Where the part before `@` begins (RFC 5321 4.5.3.1.1: at most 64 octets), -1 when it is empty. */
function localPart(text: string, at: number, floor: number): number {
  let from = at;
  while (from > floor && at - from < 64 && LOCAL[text.charCodeAt(from - 1)] === 1) from--;
  // an escape before it is no part of it: \nname@host
  const isEscaped = text.charCodeAt(from - 1) === 92 && /[nrtbf]/.test(text.charAt(from));
  if (isEscaped) from++;
  while (from < at && LOCAL_START[text.charCodeAt(from)] !== 1) from++;
  if (text.charAt(from) === '%' && at - from > 3) from += 3;
  return from < at ? from : -1;
}

const LOCAL = table(/[A-Za-z0-9._%+-]/);
const LOCAL_START = table(/[A-Za-z0-9_%+]/);

function table(chars: RegExp): Uint8Array {
  const is = new Uint8Array(0x10000);
  for (let c = 0; c < 128; c++) is[c] = chars.test(String.fromCharCode(c)) ? 1 : 0;
  return is;
}

/** No digit, letter, dash or decimal point before it: no part of a longer number, an id or a fraction. */
function standsAlone(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.charAt(at - 1);
  if (/[\w-]/.test(before)) return at >= 2 && text.charAt(at - 2) === '\\' && /[nrt]/.test(before);
  return before !== '.' || !/\d/.test(text.charAt(at - 2));
}

/** Length and first digits of a card scheme, and the check digit (ISO/IEC 7812-1 annex B). */
export function isCard(text: string): boolean {
  const digits = text.replace(/[ -]/g, '');
  if (
    !/^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}|6(?:011|4[4-9]\d|5\d\d|2\d\d)\d{12,15}|35\d{14,17})$/.test(
      digits,
    )
  ) {
    return false;
  }
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
