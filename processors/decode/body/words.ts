import { isAscii } from 'node:buffer';
import { TextDecoder } from 'node:util';

/** UTF-8 text that comes in pieces. Pieces of ASCII, which most are, are read without a decoder. */
export class WordsReader {
  #decoder: TextDecoder | undefined;
  /** The decoder may hold the begin of a character. */
  #isOpen = false;

  push(bytes: Buffer): string {
    if (!this.#isOpen && isAscii(bytes)) return bytes.toString('latin1');
    this.#isOpen = (bytes[bytes.length - 1] ?? 0) >= 0x80;
    this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** The text of pieces that follow one another, and where the share of each ends in it. */
  row(bytes: Buffer, ends: readonly number[]): { readonly text: string; readonly ends: readonly number[] } {
    if (!this.#isOpen && isAscii(bytes)) return { text: bytes.toString('latin1'), ends };
    let text = '';
    let from = 0;
    const textEnds = ends.map((end) => {
      if (end > from) text += this.push(bytes.subarray(from, end));
      from = end;
      return text.length;
    });
    return { text, ends: textEnds };
  }

  /** Nothing more comes, or bytes are missing here: what a character lacks is replaced. */
  end(): string {
    this.#isOpen = false;
    return this.#decoder?.decode() ?? '';
  }
}
