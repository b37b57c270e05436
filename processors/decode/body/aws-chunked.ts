import type { Coder } from './inflate.ts';

/** Bytes of the line before a chunk: its size and its signature. */
const MAX_LINE = 1024;

/**
 * Undoes `aws-chunked`, the content coding of signed uploads: `size;chunk-signature=...` CRLF, data, CRLF, a chunk of size 0 at the end.
 * Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html (2026-11).
 */
export class AwsChunked implements Coder {
  #line = '';
  #left = 0;
  #state: 'line' | 'data' | 'break' | 'over' = 'line';

  run(bytes: Buffer, onOut: (out: Buffer) => boolean): boolean {
    let at = 0;
    while (at < bytes.length && this.#state !== 'over') {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#left);
        const wanted = onOut(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = 'break';
        if (!wanted) return true;
        continue;
      }
      const newline = bytes.indexOf(10, at);
      const end = newline < 0 ? bytes.length : newline;
      if (this.#line.length + end - at > MAX_LINE) return false;
      this.#line += bytes.toString('latin1', at, end);
      at = end + 1;
      if (newline < 0) return true;
      if (!this.#lineEnd()) return false;
    }
    return true;
  }

  #lineEnd(): boolean {
    const line = this.#line.trim();
    this.#line = '';
    if (this.#state === 'break') {
      this.#state = 'line';
      return line === '';
    }
    const size = /^([0-9a-fA-F]{1,8})(?:;.*)?$/.exec(line)?.[1];
    if (size === undefined) return false;
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'over' : 'data'; // trailers follow the last chunk
    return true;
  }
}
