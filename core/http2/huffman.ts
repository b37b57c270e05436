/**
 * Lengths in bits of the codes for bytes 0 to 255, sixteen a row, and for the end of a string (RFC 7541 appendix B). The code is canonical:
 * codes of one length count up in the order of their symbols, so the lengths say all.
 */
// biome-ignore format: a table
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END = 256;

/**
 * A step of the state machine for half a byte, at `state << 4 | half`: the next state, `EMIT` and the byte in the bits from 16 on where a
 * code ends in it, or `FAIL`. A state is an inner node of the code's tree; the shortest code has five bits, so half a byte ends one at most.
 */
const EMIT = 0x8000;
const FAIL = 0x4000;
const STATE = 0x1ff;

interface Machine {
  readonly steps: Int32Array;
  /** States in which a string may end: up to seven bits of ones (5.2). */
  readonly ends: Uint8Array;
}

let machine: Machine | undefined;

function build(): Machine {
  // inner nodes with two children each: another node, or `~symbol`
  const children: [number, number][] = [[0, 0]];
  const order = LENGTHS.map((length, symbol) => ({ length, symbol })).sort(
    (a, b) => a.length - b.length || a.symbol - b.symbol,
  );
  let code = 0;
  let before = 0;
  for (const { length, symbol } of order) {
    code = code * 2 ** (length - before);
    before = length;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const side = Math.floor(code / 2 ** bit) % 2;
      const children_ = children[node] as [number, number];
      if (bit === 0) children_[side] = ~symbol;
      else if (children_[side] === 0) {
        children_[side] = children.length;
        children.push([0, 0]);
      }
      node = children_[side] as number;
    }
    code++;
  }
  const steps = new Int32Array(children.length << 4);
  for (let state = 0; state < children.length; state++)
    for (let half = 0; half < 16; half++) {
      let node = state;
      let made = 0;
      for (let bit = 3; bit >= 0 && made !== FAIL; bit--) {
        const next = children[node]?.[(half >> bit) & 1] ?? 0;
        if (next >= 0) node = next;
        else {
          made = ~next === END ? FAIL : EMIT | (~next << 16);
          node = 0;
        }
      }
      steps[(state << 4) | half] = made | node;
    }
  const ends = new Uint8Array(children.length);
  for (let node = 0, bits = 0; bits < 8; bits++) {
    ends[node] = 1;
    node = children[node]?.[1] ?? 0;
  }
  return { steps, ends };
}

/** Bytes of the longest string that is decoded without a buffer of its own. */
const SHORT = 32;
let scratch = Buffer.allocUnsafeSlow(4096);

/** The string that `bytes[from, to)` encode (RFC 7541 5.2), in Latin-1; undefined when they encode none. */
export function huffmanDecode(bytes: Buffer, from: number, to: number): string | undefined {
  machine ??= build();
  const { steps, ends } = machine;
  const most = Math.ceil(((to - from) * 8) / 5);
  if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(most * 2);
  const out = scratch;
  let state = 0;
  let n = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    let step = steps[(state << 4) | (byte >> 4)] as number;
    if ((step & EMIT) !== 0) out[n++] = step >> 16;
    else if ((step & FAIL) !== 0) return undefined;
    state = step & STATE;
    step = steps[(state << 4) | (byte & 15)] as number;
    if ((step & EMIT) !== 0) out[n++] = step >> 16;
    else if ((step & FAIL) !== 0) return undefined;
    state = step & STATE;
  }
  if (ends[state] !== 1) return undefined;
  return latin1(out, 0, n);
}

/** Bytes as text; the way through the native call is the slower one for short ones. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  if (to - from > SHORT) return bytes.toString('latin1', from, to);
  let text = '';
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}
