import { Brought, coverUsers } from './cover.ts';
import type { Origin, Source } from './node.ts';
import type { Position, Problem } from './types.ts';

/** A problem before its position is drawn. */
export interface Draft {
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly at?: Origin | undefined;
  readonly value?: unknown;
  readonly hint?: string | undefined;
  readonly severity?: 'error' | 'warning';
}

const WIDTH = 120;
/** Longest message: keys and ids can be as long as the text. */
const MAX_MESSAGE = 1000;
/** Most problems of one config that are shown. */
const MAX_PROBLEMS = 200;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const REFERENCE = /^["']?\$\{(?:env:|file:)?[\w./-]+\}["']?$/;
const HIDDEN = '[REDACTED]';

/**
 * Collects the problems of one config. Frames are drawn at the end, when it is known which parts of the texts are secret.
 */
export class Problems {
  readonly #drafts: Draft[] = [];
  readonly #secrets = new Map<Source, [number, number][]>();
  /** What references brought in: no problem shows it. */
  readonly brought: Brought;
  #errors = 0;
  #more = 0;

  constructor(brought: Brought = new Brought(() => new Set())) {
    this.brought = brought;
  }

  /** Problems of severity error so far. */
  get errors(): number {
    return this.#errors;
  }

  /** Whether more problems are counted and not shown. */
  get isFull(): boolean {
    return this.#drafts.length >= MAX_PROBLEMS;
  }

  report(draft: Draft): void {
    if (draft.severity !== 'warning') this.#errors += 1;
    if (this.isFull) this.#more += 1;
    else this.#drafts.push(draft);
  }

  /** Keeps a part of a text out of every frame. What is nothing but a reference names a secret and holds none: it stays. */
  hide(origin: Origin): void {
    if (origin.end <= origin.start || REFERENCE.test(origin.source.text.slice(origin.start, origin.end))) return;
    const ranges = this.#secrets.get(origin.source) ?? [];
    ranges.push([origin.start, origin.end]);
    this.#secrets.set(origin.source, ranges);
  }

  /** Whether a value is kept out of frames. */
  hides(origin: Origin): boolean {
    return this.#secrets.get(origin.source)?.some(([start, end]) => start < origin.end && origin.start < end) ?? false;
  }

  /** Sorted by source and place; those without a place come first. */
  finish(): Problem[] {
    const order = (draft: Draft): number => draft.at?.source.order ?? -1;
    const sorted = [...this.#drafts].sort((a, b) => order(a) - order(b) || (a.at?.start ?? 0) - (b.at?.start ?? 0));
    const merged = new Map<Source, [number, number][]>();
    for (const [source, ranges] of this.#secrets) merged.set(source, joined(ranges));
    const covered = (text: string): string => coverUsers(this.brought.cover(text));
    const problems: Problem[] = sorted.map(({ message, path, at, value, hint, severity = 'error' }) => ({
      message: cut(covered(message)),
      path: path.map((step) => (typeof step === 'string' ? covered(step) : step)),
      ...(at === undefined ? {} : { at: draw(at, merged.get(at.source) ?? []) }),
      ...(value === undefined ? {} : { value: typeof value === 'string' ? covered(value) : value }),
      ...(hint === undefined ? {} : { hint: covered(hint) }),
      severity,
    }));
    if (this.#more > 0) {
      const severity = this.#errors > 0 ? 'error' : 'warning';
      problems.push({ message: `${this.#more} more problems are not shown`, path: [], severity });
    }
    return problems;
  }
}

function cut(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
}

function joined(ranges: [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

/** Line and column, and the line with a caret below; secret ranges are covered. */
function draw(origin: Origin, secrets: readonly (readonly [number, number])[]): Position {
  const { text, name } = origin.source;
  const offset = Math.min(Math.max(origin.start, 0), text.length);
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  const lineEnd = newline < 0 ? text.length : newline;
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < lineStart; i = text.indexOf('\n', i + 1)) line += 1;
  let shown = '';
  let caret = 0;
  let from = lineStart;
  const take = (to: number): void => {
    if (offset >= from && offset <= to) caret = shown.length + (offset - from);
    shown += text.slice(from, to);
    from = to;
  };
  for (const [start, end] of secrets) {
    if (end <= from || start >= lineEnd) continue;
    take(Math.max(start, from));
    if (offset >= from && offset < end) caret = shown.length;
    shown += HIDDEN;
    from = Math.min(end, lineEnd);
  }
  take(lineEnd);
  if (offset >= lineEnd && from >= lineEnd && caret === 0) caret = shown.length;
  return { file: name, line, column: offset - lineStart + 1, frame: frameOf(shown, caret) };
}

function frameOf(line: string, caret: number): string {
  const indent = Math.min(line.length - line.trimStart().length, caret);
  const from = caret - indent > WIDTH - 20 ? caret - (WIDTH - 20) : indent;
  const part = printable(line.slice(from, from + WIDTH)).trimEnd();
  return `    ${part}\n    ${' '.repeat(caret - from)}^`;
}

/**
 * A problem as people see it: place, path, what is wrong, what to write instead; then the frame.
 * `collector.yaml:7:14  exporters.otlp_http.timeout: "5 sec" is not a duration; write 5s`
 */
export function formatProblem(problem: Problem): string {
  const place = problem.at === undefined ? '' : `${problem.at.file}:${problem.at.line}:${problem.at.column}  `;
  const severity = problem.severity === 'warning' ? 'warning: ' : '';
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
  const frame = problem.at === undefined || problem.at.frame.trim() === '^' ? '' : `\n${problem.at.frame}`;
  return `${printable(`${place}${severity}${prefix(problem)}${problem.message}${hint}`)}${frame}`;
}

/** Text without what could move the cursor, colour the terminal or begin a line. */
function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, ' ');
}

/** The part of the path that the message does not say itself. */
function prefix({ message, path }: Problem): string {
  if (path.length === 0) return '';
  const quoted = /^'([^']*)'/.exec(message)?.[1];
  if (quoted !== undefined) {
    const whole = dotted(path);
    if (whole.endsWith(`.${quoted}`)) return `${whole.slice(0, -quoted.length - 1)}: `;
    return '';
  }
  return /^[\w.]+::/.test(message) || /^(?:failed to|cannot|empty|no )/.test(message) ? '' : `${dotted(path)}: `;
}

/** `a.b[0].c`, as mapstructure names fields. */
export function dotted(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
