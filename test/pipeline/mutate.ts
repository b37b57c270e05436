/** Random numbers that follow from a seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `n`. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  'x',
  '\u0000\ud800',
  '2026-13-45T99:99:99Z',
  [],
  {},
  [null],
  { $redacted: 1 },
  { __proto__: null, constructor: 1, toString: 2 },
];

/** Bytes with so many places changed: a bit, a cut, a repetition, other bytes, an end. */
export function mutatedBytes(bytes: Buffer, dice: Dice, edits: number): Buffer {
  let now: Buffer = Buffer.from(bytes);
  for (let n = edits; n > 0 && now.length > 0; n--) {
    const at = dice.below(now.length);
    const span = 1 + dice.below(1 << dice.below(10));
    switch (dice.below(5)) {
      case 0:
        now[at] = (now[at] ?? 0) ^ (1 << dice.below(8));
        break;
      case 1:
        now = Buffer.concat([now.subarray(0, at), now.subarray(at + span)]);
        break;
      case 2:
        now = Buffer.concat([now.subarray(0, at), now.subarray(Math.max(0, at - span))]);
        break;
      case 3:
        for (let i = at; i < Math.min(now.length, at + (span & 15)); i++) now[i] = dice.below(256);
        break;
      default:
        now = now.subarray(0, at);
    }
  }
  return now;
}

/** The same, without line feeds: still one line. */
export function mutatedLine(line: Buffer, dice: Dice): Buffer {
  const now = mutatedBytes(line, dice, 1 + dice.below(3));
  for (let i = 0; i < now.length; i++) if (now[i] === 0x0a) now[i] = 0x20;
  return now;
}

/** A value in which one member, at any depth, is another value, is gone, is doubled under another name, or lies deep. */
export function mutatedValue(value: unknown, dice: Dice): unknown {
  if (typeof value !== 'object' || value === null || dice.below(8) === 0) return strange(value, dice);
  if (Array.isArray(value)) {
    if (value.length === 0) return strange(value, dice);
    const at = dice.below(value.length);
    return value.flatMap((item, i) => (i !== at ? [item] : several(mutatedValue(item, dice), dice)));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return strange(value, dice);
  const at = dice.below(entries.length);
  const what = dice.below(10);
  return Object.fromEntries(
    entries.flatMap(([key, item], i): [string, unknown][] => {
      if (i !== at) return [[key, item]];
      if (what === 0) return [];
      if (what === 1) return [[dice.pick(['', '__proto__', 'constructor', `${key}x`]), item]];
      return [[key, mutatedValue(item, dice)]];
    }),
  );
}

function strange(value: unknown, dice: Dice): unknown {
  const what = dice.below(8);
  if (what === 0) return deep(value, 10 + dice.below(400));
  if (what === 1 && typeof value === 'string') return value.repeat(2);
  if (what === 2 && typeof value === 'number') return value * dice.pick([-1, 1e3, 1e9, 1e-9, 1e300]);
  return dice.pick(STRANGE);
}

function several(value: unknown, dice: Dice): unknown[] {
  return dice.below(6) === 0 ? [value, value] : [value];
}

function deep(value: unknown, levels: number): unknown {
  let now = value;
  for (let i = 0; i < levels; i++) now = i % 2 === 0 ? [now] : { a: now };
  return now;
}

/** A list with one item gone, twice there, or in another place. */
export function mutatedOrder<T>(list: readonly T[], dice: Dice): T[] {
  const now = [...list];
  const [item] = now.splice(dice.below(now.length), 1);
  if (item === undefined) return now;
  const what = dice.below(3);
  if (what > 0) now.splice(dice.below(now.length + 1), 0, item);
  if (what > 1) now.splice(dice.below(now.length + 1), 0, item);
  return now;
}
