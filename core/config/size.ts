const UNITS: readonly (readonly [string, number])[] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
  ['KB', 1e3],
  ['B', 1],
];

/** Bytes of `64MiB`, `1.5GB`, `20kB` or a bare number; undefined when it is none of these or no whole number of bytes. */
export function readSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text);
  if (match === null) return undefined;
  const [, amount = '', unit = ''] = match;
  const factor = unit === '' ? 1 : UNITS.find(([name]) => name === unit)?.[1];
  if (factor === undefined) return undefined;
  const bytes = Number(amount) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes of a size as text. Throws a RangeError when it is none. */
export function parseSize(text: string): number {
  const bytes = readSize(text);
  if (bytes === undefined) throw new RangeError(`${JSON.stringify(text)} is not a size`);
  return bytes;
}

/** A size in the largest binary unit that divides it: `64MiB`, `20000000B`. */
export function formatSize(bytes: number): string {
  for (const [name, factor] of UNITS) {
    if (name.endsWith('iB') && bytes >= factor && bytes % factor === 0) return `${bytes / factor}${name}`;
  }
  return `${bytes}B`;
}

/** What somebody who wrote `64 mb` or `64M` may have meant. */
export function suggestSize(text: string): string {
  const match = text.length > 40 ? null : /^\s*(\d+(?:\.\d+)?)\s*([kmgt])?i?(?:b|bytes?)?\s*$/i.exec(text);
  if (match === null) return '64MiB or 20MB';
  const [, amount = '', letter = ''] = match;
  return letter === '' ? `${amount}B` : `${amount}${letter.toUpperCase()}iB`;
}
