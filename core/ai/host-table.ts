/** A host or pattern that cannot be used, with what is wrong with it. */
export interface HostProblem {
  readonly message: string;
  readonly hint?: string;
}

/** A host pattern in its parts. */
export interface HostPattern {
  /** What stands before `suffix`, with its dot left out; undefined where the whole host is fixed. */
  readonly head: string | undefined;
  /** The labels at the end that hold no `*`; the whole host where there is no `*`. */
  readonly suffix: string;
  /** Undefined: any port. */
  readonly port: number | undefined;
}

/** Longest host name (RFC 1035 section 2.3.4), with brackets and a scope for literals of IPv6. */
const MAX_HOST = 255;
const NAME = /^[a-z0-9_*]([a-z0-9_*.-]*[a-z0-9_*])?$/;
/** Ends of names that no registry of the internet hands out (RFC 6761, RFC 6762, ICANN's `internal`) or that private networks use. */
const PRIVATE = new Set('corp home internal intranet lan local localdomain localhost test'.split(' '));
const IPV6 = /^\[[0-9a-f:.]+(?:%[a-z0-9_.-]+)?\]$/;

/**
 * Reads `host`, `host:port` or a pattern. `*` at the front stands for one or more characters, dots too; elsewhere for any characters of one
 * label. The last two labels of a pattern are fixed (`*.ai.example.com`), or its last one is of a private network (`*.local`), so that no pattern
 * takes half of the internet.
 */
export function readHost(written: string): HostPattern | HostProblem {
  const text = written.trim().toLowerCase();
  const [, literal, name = '', digits] = /^(?:(\[[^\]]*\])|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  const host = (literal ?? name).replace(/\.$/, '');
  const port = digits === undefined ? undefined : Number(digits);
  if (text.includes('/')) return { message: 'is a URL or a path', hint: 'write its host only' };
  if (host === '') return { message: 'is no host' };
  if (port !== undefined && (port < 1 || port > 65_535)) return { message: `has the port ${digits}` };
  if (host.length > MAX_HOST) return { message: `is longer than ${MAX_HOST} characters` };
  if (literal !== undefined)
    return IPV6.test(host) ? { head: undefined, suffix: host, port } : { message: 'is no IPv6 address' };
  if (!NAME.test(host) || host.includes('..')) return { message: 'is no host name or pattern' };
  const labels = host.split('.');
  let fixed = labels.length;
  while (fixed > 0 && !labels[fixed - 1]?.includes('*')) fixed--;
  if (fixed === 0) return { head: undefined, suffix: host, port };
  if (labels.length - fixed < (PRIVATE.has(labels.at(-1) ?? '') ? 1 : 2))
    return { message: 'takes too many hosts', hint: 'write at least two whole labels at the end: *.ai.example.com' };
  return { head: labels.slice(0, fixed).join('.'), suffix: labels.slice(fixed).join('.'), port };
}

export function isHostProblem(read: HostPattern | HostProblem): read is HostProblem {
  return 'message' in read;
}

interface Choice<T> {
  readonly head: readonly string[];
  readonly isWide: boolean;
  readonly length: number;
  readonly port: number | undefined;
  readonly value: T;
}

/**
 * Values by hosts. A look-up costs one step per label of the host and one per pattern with the same end. A whole host goes before a pattern, a
 * long end before a short one, a port before none; of equals the first added stays.
 */
export class HostTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #withPort = new Map<string, T>();
  readonly #patterns = new Map<string, Choice<T>[]>();

  add({ head, suffix, port }: HostPattern, value: T): void {
    if (head === undefined) {
      const table = port === undefined ? this.#exact : this.#withPort;
      const key = port === undefined ? suffix : `${suffix}:${port}`;
      if (!table.has(key)) table.set(key, value);
      return;
    }
    const choice = { head: head.split('.'), isWide: head.startsWith('*'), length: head.length, port, value };
    const choices = this.#patterns.get(suffix) ?? [];
    choices.push(choice);
    choices.sort((a, b) => Number(b.port !== undefined) - Number(a.port !== undefined) || b.length - a.length);
    this.#patterns.set(suffix, choices);
  }

  /** The value of a host; a dot at its end and the case of its letters say nothing. */
  get(host: string, port: number | undefined): T | undefined {
    if (host.length === 0 || host.length > MAX_HOST) return undefined;
    const name = plain(host);
    const isPort = port !== undefined && this.#withPort.size > 0;
    const found = (isPort ? this.#withPort.get(`${name}:${port}`) : undefined) ?? this.#exact.get(name);
    if (found !== undefined || this.#patterns.size === 0) return found;
    for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
      const choices = this.#patterns.get(name.slice(dot + 1));
      if (choices === undefined) continue;
      const front = name.slice(0, dot).split('.');
      for (const choice of choices)
        if ((choice.port === undefined || choice.port === port) && isFront(front, choice)) return choice.value;
    }
    return undefined;
  }
}

/** A host in lower case, without the dot of the root. */
export function plain(host: string): string {
  const lower = /[A-Z]/.test(host) ? host.toLowerCase() : host;
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

function isFront(
  front: readonly string[],
  { head, isWide }: { readonly head: readonly string[]; readonly isWide: boolean },
) {
  const more = front.length - head.length;
  if (more < 0 || (more > 0 && !isWide)) return false;
  for (let i = head.length - 1; i >= 0; i--) {
    const isFirst = i === 0;
    const label = isFirst && isWide ? front.slice(0, more + 1).join('.') : (front[more + i] ?? '');
    const pattern = head[i] ?? '';
    // the `*` that stands for a whole label or a front stands for something
    if (label === '' || !matchesGlob(label, pattern) || (isFirst && isWide && label.length < pattern.length))
      return false;
  }
  return true;
}

/** Whether a text is what a pattern says, in which `*` stands for any characters. Time grows with the product of their lengths at most. */
export function matchesGlob(text: string, pattern: string): boolean {
  let t = 0;
  let p = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
