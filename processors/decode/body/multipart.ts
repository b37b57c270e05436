import { ByteQueue } from './bytes.ts';

/** One part of a form: a field with its text, or a file of which only the size is kept. */
export interface FormPart {
  readonly name: string;
  readonly filename?: string;
  readonly contentType?: string;
  /** Bytes of its content, as far as they were seen. */
  readonly sizeBytes: number;
  /** Of a field, up to a bound. */
  readonly text?: string;
  /** Bytes of it were lost, or it does not end. */
  readonly isCut: boolean;
}

const MAX_HEADERS = 16 << 10;
const MAX_FIELD = 64 << 10;
const MAX_FIELDS = 1 << 20;
const MAX_PARTS = 1000;
/** White space between a boundary and the end of its line (RFC 2046 5.1.1). */
const MAX_PADDING = 256;
const BREAK = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

interface OpenPart {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  readonly kept: Buffer[] | undefined;
  keptBytes: number;
  sizeBytes: number;
  isCut: boolean;
}

/**
 * Reads `multipart/form-data` (RFC 7578, RFC 2046 5.1.1) piece by piece and keeps heads, sizes and small fields. Files are never held:
 * what waits is no longer than a delimiter or the head of a part.
 */
export class MultipartReader {
  readonly #held = new ByteQueue();
  /** What stands before a delimiter and the delimiter itself; the body may begin with one. */
  readonly #delimiter: Buffer;
  readonly parts: FormPart[] = [];
  #state: 'preamble' | 'head' | 'content' | 'over' = 'preamble';
  #open: OpenPart | undefined;
  #fieldBytes = 0;
  /** A part had no readable head, or there were too many. */
  isDamaged = false;

  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#held.push(BREAK);
  }

  get size(): number {
    return this.#held.size + this.#fieldBytes + 128 * this.parts.length;
  }

  push(bytes: Buffer): void {
    if (this.#state === 'over') return;
    // large pieces go through in slices, so that only the end of one is copied and held
    for (let at = 0; at < bytes.length && !this.#isOver; at += 65_536) {
      this.#held.push(bytes.subarray(at, at + 65_536));
      while (this.#step());
    }
    if (this.#isOver) this.#held.clear();
  }

  get #isOver(): boolean {
    return this.#state === 'over';
  }

  /** Bytes are missing here. */
  gap(): void {
    if (this.#isOver) return;
    if (this.#open !== undefined) this.#open.isCut = true;
    if (this.#state === 'content') this.#content(this.#held.size);
    else this.#state = 'preamble'; // the head of a part is lost
    this.#held.clear();
  }

  /** Nothing more comes. */
  end(): readonly FormPart[] {
    if (this.#state === 'content') {
      this.#content(this.#held.size);
      if (this.#open !== undefined) this.#open.isCut = true;
      this.#close();
    }
    this.#state = 'over';
    this.#held.clear();
    return this.parts;
  }

  /** Whether something was read. */
  #step(): boolean {
    if (this.#state === 'head') return this.#head(this.#held.view);
    if (this.#state === 'over') return false;
    const held = this.#held.view;
    const at = held.indexOf(this.#delimiter);
    if (at < 0) {
      this.#pass(held.length - this.#delimiter.length + 1);
      return false;
    }
    const line = at + this.#delimiter.length;
    const end = lineEnd(held, line);
    if (end === 'more') {
      this.#pass(at);
      return false;
    }
    if (end === 'none') {
      this.#pass(line); // a longer word that begins like the delimiter
      return true;
    }
    this.#pass(at);
    this.#close();
    this.#held.take(end - at);
    this.#state = held[line] === 0x2d ? 'over' : 'head';
    return true;
  }

  /** The next bytes are content, or stand before the first part. */
  #pass(length: number): void {
    if (length <= 0) return;
    if (this.#state === 'content') this.#content(length);
    else this.#held.take(length);
  }

  #head(held: Buffer): boolean {
    const end = held.indexOf(HEAD_END);
    if (end < 0) {
      if (held.length < MAX_HEADERS) return false;
      this.isDamaged = true;
      this.#state = 'preamble';
      return true;
    }
    this.#open = openPart(held.toString('utf8', 2, Math.max(end, 2)));
    if (this.#open === undefined || this.parts.length >= MAX_PARTS) this.isDamaged = true;
    this.#held.take(end + 4);
    this.#state = 'content';
    return true;
  }

  #content(length: number): void {
    const open = this.#open;
    if (open !== undefined && length > 0) {
      open.sizeBytes += length;
      const room = Math.min(MAX_FIELD - open.keptBytes, MAX_FIELDS - this.#fieldBytes, length);
      if (open.kept !== undefined && room > 0) {
        open.kept.push(Buffer.from(this.#held.view.subarray(0, room)));
        open.keptBytes += room;
        this.#fieldBytes += room;
      }
    }
    this.#held.take(length);
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined || this.parts.length >= MAX_PARTS) return;
    const { name, filename, contentType, sizeBytes, isCut, kept } = open;
    this.parts.push({
      name,
      ...(filename !== undefined && { filename }),
      ...(contentType !== undefined && { contentType }),
      sizeBytes,
      ...(kept !== undefined && { text: Buffer.concat(kept).toString() }),
      isCut,
    });
  }
}

/** What follows a delimiter: `--` at the last one, else white space to the end of its line. The place of that, or whether more is needed. */
function lineEnd(bytes: Buffer, at: number): number | 'more' | 'none' {
  if (bytes.length < at + 2) return 'more';
  if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return at + 2;
  let end = at;
  while (bytes[end] === 0x20 || bytes[end] === 0x09) end++;
  if (end - at > MAX_PADDING) return 'none';
  if (bytes.length < end + 2) return bytes.length === end || bytes[end] === 0x0d ? 'more' : 'none';
  return bytes[end] === 0x0d && bytes[end + 1] === 0x0a ? end : 'none'; // the line break stays: it may end an empty head as well
}

/** Undefined for a part without a name. */
function openPart(head: string): OpenPart | undefined {
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = headers.get('content-disposition') ?? '';
  const name = parameter(disposition, 'name');
  if (name === undefined) return undefined;
  const filename = parameter(disposition, 'filename') ?? extended(disposition);
  const contentType = headers.get('content-type');
  const isField = filename === undefined && /^(?:text\/|application\/json|$)/i.test(contentType ?? '');
  return { name, filename, contentType, kept: isField ? [] : undefined, keptBytes: 0, sizeBytes: 0, isCut: false };
}

/** A parameter of `content-disposition`; quotes in names come as `%22` or escaped (RFC 7578 2, HTML's form encoding). */
function parameter(field: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(field) ?? [];
  return (quoted?.replaceAll(/\\(["\\])/g, '$1') ?? plain)?.replaceAll('%22', '"');
}

/** `filename*` (RFC 8187). */
function extended(field: string): string | undefined {
  const value = /;\s*filename\*\s*=\s*utf-8'[^']*'([^\s;]+)/i.exec(field)?.[1];
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // not percent-encoded as it should be: as it came
  }
}

/** The boundary that `content-type` names. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!/^\s*multipart\//i.test(contentType ?? '')) return undefined;
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType ?? '') ?? [];
  return quoted ?? plain;
}
