import { createRequire } from 'node:module';

/** A message as llhttp reads it. Texts are Latin-1. */
export interface LlMessage {
  start: string;
  headers: [string, string][];
  body: string;
  isWhole: boolean;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  llhttp_alloc(type: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_method_name(method: number): number;
  llhttp_execute(parser: number, at: number, size: number): number;
  llhttp_finish(parser: number): number;
  malloc(size: number): number;
  free(at: number): void;
  llhttp_free(parser: number): void;
}

/** The part of the WebAssembly API that is used; Node's types leave it to those of browsers. */
interface Api {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const api = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
const wasm: Buffer = createRequire(import.meta.url)('undici/lib/llhttp/llhttp-wasm.js');
const module = new api.Module(new Uint8Array(wasm));

/**
 * Reads pieces with llhttp, the parser of Node, as undici carries it. Returns the messages and the code it stopped with, 0 for none. `skips`
 * says for a response whether it has no body because of its request.
 */
export function readWithLlhttp(
  side: 'request' | 'response',
  pieces: readonly Buffer[],
  skips: (n: number) => boolean = () => false,
): { readonly messages: readonly LlMessage[]; readonly error: number } {
  const messages: LlMessage[] = [];
  let field = '';
  let value = '';
  let inValue = false;
  let isTrailer = false;
  const text = (at: number, size: number): string => Buffer.from(memory(), at, size).toString('latin1');
  const last = (): LlMessage => messages.at(-1) as LlMessage; // every callback but the first comes inside a message
  const keep = (): void => {
    if (inValue && !isTrailer) last().headers.push([field, value]);
    field = '';
    value = '';
    inValue = false;
  };
  const env = {
    wasm_on_message_begin: () => {
      messages.push({ start: '', headers: [], body: '', isWhole: false });
      isTrailer = false;
      return 0;
    },
    wasm_on_url: (_parser: number, at: number, size: number) => {
      last().start += text(at, size);
      return 0;
    },
    wasm_on_status: () => 0,
    wasm_on_header_field: (_parser: number, at: number, size: number) => {
      if (inValue) keep();
      field += text(at, size);
      return 0;
    },
    wasm_on_header_value: (_parser: number, at: number, size: number) => {
      inValue = true;
      value += text(at, size);
      return 0;
    },
    wasm_on_headers_complete: (parser: number, status: number) => {
      keep();
      isTrailer = true;
      if (side === 'response') last().start = String(status);
      else {
        const name = exports.llhttp_method_name(exports.llhttp_get_method(parser));
        const all = Buffer.from(memory());
        last().start = `${all.toString('latin1', name, all.indexOf(0, name))} ${last().start}`;
      }
      return side === 'response' && skips(messages.length - 1) ? 1 : 0;
    },
    wasm_on_body: (_parser: number, at: number, size: number) => {
      last().body += text(at, size);
      return 0;
    },
    wasm_on_message_complete: () => {
      last().isWhole = true;
      keep();
      return 0;
    },
  };
  const exports = new api.Instance(module, { env }).exports as Exports;
  const memory = (): ArrayBuffer => exports.memory.buffer;
  const parser = exports.llhttp_alloc(side === 'request' ? 1 : 2);
  let error = 0;
  for (const piece of pieces) {
    const at = exports.malloc(piece.length);
    new Uint8Array(memory(), at, piece.length).set(piece);
    error = exports.llhttp_execute(parser, at, piece.length);
    exports.free(at);
    if (error !== 0) break;
  }
  if (error === 0) error = exports.llhttp_finish(parser);
  exports.llhttp_free(parser);
  return { messages, error };
}
