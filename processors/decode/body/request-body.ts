import type { TextDecoder } from 'node:util';
import { type Json, parseJson } from '../json.ts';
import { Bytes } from './bytes.ts';
import { BodyDecoder, type Damage } from './coding.ts';
import { boundaryOf, type FormPart, MultipartReader } from './multipart.ts';
import { decoderOf, isBinary } from './reader.ts';

/** The body of a request when it ended. */
export interface RequestBody {
  /** Undefined when it is no JSON; a form is an object of its fields, with `{ filename, content_type, size }` for files. */
  readonly value: unknown;
  /** What of a body that is no JSON may still be looked at. */
  readonly wordsOf: () => string;
  readonly damage: Damage | undefined;
  readonly decoder: BodyDecoder;
}

/** Parses JSON text, which `decode` gives; undefined when it is none. */
export type ParseBody = (body: Buffer, decode: (bytes: Buffer) => string) => unknown;

const NO_WORDS = (): string => '';

/** Collects the body of a request: JSON is held up to a bound, of forms only small fields, of media only the size. */
export class RequestBodyReader {
  readonly #contentType: string | undefined;
  readonly #decoder: BodyDecoder;
  readonly #form: MultipartReader | undefined;
  readonly #bytes: Bytes | undefined;
  readonly #parse: ParseBody;
  #size = 0;

  constructor(headers: ReadonlyMap<string, string>, maxBytes: number, parse: ParseBody) {
    this.#parse = parse;
    this.#contentType = headers.get('content-type');
    const boundary = boundaryOf(this.#contentType);
    const isHeld = boundary === undefined && !isBinary(this.#contentType);
    this.#form = boundary === undefined ? undefined : new MultipartReader(boundary);
    this.#bytes = isHeld ? new Bytes(Number(headers.get('content-length') ?? 0)) : undefined;
    // what is not held has no bound
    this.#decoder = new BodyDecoder(headers.get('content-encoding'), isHeld ? maxBytes : Number.MAX_SAFE_INTEGER);
  }

  get size(): number {
    return this.#decoder.size + (this.#bytes?.size ?? 0) + (this.#form?.size ?? 0);
  }

  push(bytes: Buffer): void {
    this.#plain(this.#decoder.push(bytes));
  }

  #plain(bytes: Buffer | undefined): void {
    if (bytes === undefined) return;
    this.#size += bytes.length;
    this.#form?.push(bytes);
    this.#bytes?.push(bytes);
  }

  gap(): void {
    this.#decoder.gap();
    this.#form?.gap();
  }

  /** `isLost`: the end was never seen. */
  end(isLost: boolean): RequestBody {
    this.#plain(this.#decoder.end());
    const decoder = this.#decoder;
    const damage = decoder.damage ?? (isLost ? 'lost' : undefined);
    if (this.#form !== undefined) {
      const parts = this.#form.end();
      const isDamaged = this.#form.isDamaged || (parts.length === 0 && this.#size > 0);
      return {
        value: formOf(parts),
        wordsOf: NO_WORDS,
        damage: damage ?? (isDamaged ? 'damaged_framing' : undefined),
        decoder,
      };
    }
    if (this.#bytes === undefined) {
      return { value: { content_type: this.#contentType, size: this.#size }, wordsOf: NO_WORDS, damage, decoder };
    }
    const text = decoderOf(this.#contentType);
    const body = this.#bytes.concat();
    // a call without a body is read by its path
    const value = body.length === 0 ? {} : this.#valueOf(body, text);
    return { value, wordsOf: () => text.decode(body), damage, decoder };
  }

  /** What was sent before is told by bytes, which mean the same in UTF-8 alone. */
  #valueOf(body: Buffer, text: TextDecoder): unknown {
    if (text.encoding !== 'utf-8') return parseJson(text.decode(body));
    return this.#parse(body, (bytes) => text.decode(bytes));
  }
}

/** Names that repeat, or that end in `[]`, become lists. */
function formOf(parts: readonly FormPart[]): Json {
  const form = new Map<string, unknown>();
  for (const part of parts) {
    const isList = part.name.endsWith('[]');
    const name = isList ? part.name.slice(0, -2) : part.name;
    const value =
      part.text ??
      ({
        ...(part.filename !== undefined && { filename: part.filename }),
        ...(part.contentType !== undefined && { content_type: part.contentType }),
        size: part.sizeBytes,
        ...(part.isCut && { incomplete: true }),
      } as const);
    const before = form.get(name);
    if (Array.isArray(before)) before.push(value);
    else if (before !== undefined) form.set(name, [before, value]);
    else form.set(name, isList ? [value] : value);
  }
  return Object.fromEntries(form);
}
