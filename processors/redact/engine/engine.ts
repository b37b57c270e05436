import { type Automaton, buildAutomaton } from './automaton.ts';
import type { CustomRule } from './custom.ts';
import { type Finding, isBoundary, type Rule } from './rule.ts';

export interface EngineOptions {
  readonly rules: readonly Rule[];
  readonly custom?: readonly CustomRule[];
  /** Secrets that are none: exact texts, or `*` and how they end. */
  readonly allow?: readonly string[];
}

/** What is left of a text: the same string when nothing was found. */
export interface Replaced {
  readonly text: string;
  readonly findings: readonly Finding[];
}

const NONE: readonly Finding[] = [];

/** Finds secrets in one pass over the text: a table walk that fires a sticky pattern where an anchor is seen. Holds no state of texts. */
export class Engine {
  readonly #rules: readonly Rule[];
  readonly #automaton: Automaton;
  readonly #custom: readonly CustomRule[];
  readonly #allowed: ReadonlySet<string>;
  readonly #allowedEnds: readonly string[];

  constructor(options: EngineOptions) {
    this.#rules = options.rules;
    this.#custom = options.custom ?? [];
    const allow = options.allow ?? [];
    this.#allowed = new Set(allow.filter((a) => !a.startsWith('*')));
    this.#allowedEnds = allow.filter((a) => a.startsWith('*') && a.length > 1).map((a) => a.slice(1));
    this.#automaton = buildAutomaton(
      this.#rules.flatMap((rule, index) => rule.anchors.map((text) => ({ text, index }))),
    );
  }

  /** The text with every secret replaced by its rule's label. */
  replace(text: string): Replaced {
    const findings = this.find(text);
    return findings.length === 0 ? { text, findings } : { text: withLabels(text, findings), findings };
  }

  /** Where the secrets are, in order and without overlap. */
  find(text: string): readonly Finding[] {
    const found = this.#anchored(text);
    if (this.#custom.length === 0) return found;
    const more: Finding[] = [];
    for (const rule of this.#custom) {
      for (const { start, end } of rule.find(text)) {
        if (!this.#isAllowed(text.slice(start, end))) more.push({ start, end, rule });
      }
    }
    return more.length === 0 ? found : merge([...found, ...more]);
  }

  #anchored(text: string): readonly Finding[] {
    const { next, accepting, outputs } = this.#automaton;
    const length = text.length;
    let found: Finding[] | undefined;
    let floor = 0;
    let state = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      state = code < 128 ? (next[(state << 7) | code] as number) : 0;
      if (state < accepting) continue;
      const ends = outputs[state - accepting];
      if (ends === undefined) continue;
      for (const { index, length: anchor } of ends) {
        const rule = this.#rules[index];
        const at = i + 1 - anchor;
        if (rule === undefined || at < floor) continue;
        const finding = this.#tryRule(rule, text, at, floor);
        if (finding === undefined) continue;
        found ??= [];
        found.push(finding);
        floor = finding.end;
        i = finding.end - 1;
        state = 0;
        break;
      }
    }
    return found ?? NONE;
  }

  #tryRule(rule: Rule, text: string, at: number, floor: number): Finding | undefined {
    if (rule.left !== undefined && !isBoundary(text, at, rule.left)) return undefined;
    const from = rule.begin === undefined ? at : rule.begin(text, at, floor);
    if (from < 0) return undefined;
    const pattern = rule.pattern;
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const start = from + (match[1]?.length ?? 0);
    let end = from + match[0].length;
    // an anchor that ends behind the match belongs to the text after it
    if (end <= at || end <= start) return undefined;
    const secret = text.slice(start, end);
    if (rule.verify !== undefined && !rule.verify(secret, text, start, end)) return undefined;
    if (this.#isAllowed(secret)) return undefined;
    if (rule.tail !== undefined && secret.length >= 256) {
      rule.tail.lastIndex = end;
      if (rule.tail.test(text)) end = rule.tail.lastIndex;
    }
    return { start, end, rule };
  }

  #isAllowed(secret: string): boolean {
    return this.#allowed.has(secret) || this.#allowedEnds.some((end) => secret.endsWith(end));
  }
}

/** Findings in order; those that overlap become one under the label of the first. */
export function merge(findings: Finding[]): Finding[] {
  findings.sort((a, b) => a.start - b.start || b.end - a.end);
  const out: Finding[] = [];
  for (const finding of findings) {
    const last = out.at(-1);
    if (last === undefined || finding.start >= last.end) out.push(finding);
    else if (finding.end > last.end) out[out.length - 1] = { ...last, end: finding.end };
  }
  return out;
}

/** The text with its findings, in order and without overlap, replaced by their labels. */
export function withLabels(text: string, findings: readonly Finding[]): string {
  let out = '';
  let from = 0;
  for (const { start, end, rule } of findings) {
    out += text.slice(from, start) + rule.label;
    from = end;
  }
  return out + text.slice(from);
}
