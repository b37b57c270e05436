/**
 * The host pattern that a regular expression of an OISP bundle says, or why there is none. Only literal characters and the classes that stand
 * for characters of one host (`.*`, `[^.]+`, `[a-z0-9-]*`, `\d+`, `\w+`) are taken; the end has to be anchored, because without it the
 * expression takes hosts of others.
 */
export function hostOfRegex(regex: string): { readonly host: string } | { readonly why: string } {
  if (regex.length > 500) return { why: 'longer than 500 characters' };
  if (!/(?:^|[^\\])\$$/.test(regex)) return { why: 'not anchored at its end' };
  let rest = regex.replace(/^\^/, '').slice(0, -1);
  let host = '';
  while (rest !== '') {
    const any = ANY.exec(rest);
    const literal = LITERAL.exec(rest);
    if (any !== null) {
      host += '*';
      rest = rest.slice(any[0].length);
    } else if (literal !== null) {
      host += literal[1] ?? literal[0];
      rest = rest.slice(literal[0].length);
    } else return { why: `${JSON.stringify(rest.slice(0, 12))} is more than a pattern can say` };
  }
  return { host: host.replace(/\*{2,}/g, '*') };
}

const ANY = /^(?:\.|\\d|\\w|\[\^\.\]|\[\^\\\.\]|\[(?:(?:a-z|A-Z|0-9|\\d|\\w|_|\\?-)+)\])[*+]\??/;
/** A character that stands for itself; a dot has to be escaped. */
const LITERAL = /^(?:\\([.\-:])|([a-zA-Z0-9_:-])(?![*+?{]))/;
