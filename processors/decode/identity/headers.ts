import { CLAUDE_CODE_ID, type HeaderRule, id, REQUEST_HEADERS, RESPONSE_HEADERS } from './header-table.ts';

type Headers = ReadonlyMap<string, string>;

/** What the tables keep of the headers of a message. */
export interface Kept {
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly provider: {
    readonly organization_id?: string;
    readonly project_id?: string;
    readonly region?: string;
  };
}

/** Shorter texts stand in other values by chance. */
const MIN_SECRET = 8;

/** What is kept of a request's headers. A value that holds one of `secrets` is not. */
export function keptOfRequest(headers: Headers, secrets: readonly string[]): Kept {
  const kept = keep(headers, REQUEST_HEADERS, secrets);
  const more: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith('x-claude-code-') || name in KNOWN) continue;
    const what = CLAUDE_CODE_ID.exec(name)?.[1];
    const read = what === undefined ? undefined : id(value);
    if (what === undefined || read === undefined || holds(value, secrets)) continue;
    more[`oisp.claude_code.${what.replaceAll('-', '_')}`] = read;
    if (Object.keys(more).length >= 8) break;
  }
  return { ...kept, attrs: { ...kept.attrs, ...more } };
}

/** What is kept of an answer's headers. */
export function keptOfResponse(headers: Headers): Kept {
  return keep(headers, RESPONSE_HEADERS, []);
}

const KNOWN: Readonly<Record<string, true>> = Object.fromEntries(REQUEST_HEADERS.map(({ header }) => [header, true]));

function keep(headers: Headers, rules: readonly HeaderRule[], secrets: readonly string[]): Kept {
  const attrs: Record<string, unknown> = {};
  const provider: Record<string, string> = {};
  for (const rule of rules) {
    const value = headers.get(rule.header);
    if (value === undefined) continue;
    const into = rule.attr === undefined ? provider : attrs;
    const name = rule.attr ?? rule.provider ?? '';
    if (name in into || holds(value, secrets)) continue;
    const read = rule.read(value);
    if (read !== undefined) (into as Record<string, unknown>)[name] = read;
  }
  return { attrs, provider };
}

function holds(value: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret.length >= MIN_SECRET && value.includes(secret));
}
