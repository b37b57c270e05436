import { PermanentError, type PushResult, parseRetryAfter, RetryableError, TOO_LARGE } from '../../core/index.ts';

/** What came back. `body` is at most as long as the transport reads. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  readonly body: Buffer;
  /** The body was longer than we read. */
  readonly isCut: boolean;
}

const MAX_TEXT = 200;
const RETRYABLE = new Set([429, 502, 503, 504]);

/**
 * Sorts an answer as OTLP/HTTP does (opentelemetry-proto docs/specification.md, "OTLP/HTTP Response"): a result, or throws. A success whose
 * body cannot be read is a success with a doubt: the status says that the data was taken, and sending it again would store it twice.
 */
export function resultOf(answer: Answer, url: string, nowMs: number): PushResult {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    return successOf(answer, `${url} answered ${status}`);
  }
  const message = `${url} answered ${status}${textOf(answer)}`;
  if (RETRYABLE.has(status)) {
    const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
    throw new RetryableError(message, {
      code: 'OTLP_BUSY',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (status === 413) throw new PermanentError(message, { code: TOO_LARGE });
  if (status >= 300 && status < 400) throw new PermanentError(redirected(answer, url), { code: 'OTLP_REDIRECT' });
  throw new PermanentError(message, { code: 'OTLP_REFUSED' });
}

/** Redirects are never followed: 301, 302 and 303 turn a POST into an empty GET, whose 200 would look like success. */
function redirected(answer: Answer, url: string): string {
  let target = '';
  try {
    const to = new URL(answer.location ?? '', url);
    target = ` to ${to.origin}${to.pathname}`;
  } catch {
    // No usable Location: the message says it without one.
  }
  return `${url} answered ${answer.status}, a redirect${target}: redirects are not followed, because a redirected POST can lose its body; write the final address as endpoint`;
}

/** The server's own words, where it sent text. */
function textOf({ body, contentType }: Answer): string {
  if (body.length === 0 || contentType.includes('protobuf')) return '';
  const text = body
    .toString('utf8', 0, MAX_TEXT * 4)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: foreign text goes into one log line
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, MAX_TEXT);
  return text === '' ? '' : `: ${text}`;
}

function resultWith(rejected: number, reason: string): PushResult {
  const count = Number.isFinite(rejected) ? rejected : 0;
  return reason === '' ? { rejected: count } : { rejected: count, reason: reason.slice(0, MAX_TEXT) };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
  return value as Fields;
}

const READERS: Readonly<Record<string, (body: Buffer) => PushResult>> = {
  'application/json': fromJson,
  'application/x-protobuf': fromProtobuf,
  'application/protobuf': fromProtobuf,
};

/** The reader is chosen by the type of the answer, whatever was sent; an answer that names none is read as protobuf. */
function successOf({ contentType, body, isCut }: Answer, subject: string): PushResult {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  const read = type === '' ? fromProtobuf : Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  const isHere = 'is this an OTLP endpoint?';
  if (read === undefined) return { rejected: 0, doubt: `${subject} with ${type.slice(0, MAX_TEXT)}: ${isHere}` };
  if (isCut) return { rejected: 0, doubt: `${subject} with a body that is too long to read: ${isHere}` };
  if (body.length === 0) return { rejected: 0 };
  try {
    return read(body);
  } catch {
    const what = type === '' ? 'a body without a type' : `${type} as its type and a body`;
    return { rejected: 0, doubt: `${subject} with ${what} that cannot be read: ${isHere}` };
  }
}

/** The JSON form of the same message (proto3 JSON: int64 is a string or a number). Throws on what is none. */
function fromJson(body: Buffer): PushResult {
  const response: unknown = JSON.parse(body.toString());
  const partial = fieldsOf(fieldsOf(response)['partialSuccess'] ?? {});
  const reason = partial['errorMessage'];
  const rejected = Number(partial['rejectedSpans'] ?? partial['rejectedLogRecords'] ?? 0);
  if (!Number.isFinite(rejected)) throw new TypeError('the number of rejected items is none');
  return resultWith(rejected, typeof reason === 'string' ? reason : '');
}

/** Export*ServiceResponse.partial_success = 1 { rejected_* = 1 (int64), error_message = 2 }: the same numbers in both signals. */
function fromProtobuf(body: Buffer): PushResult {
  let rejected = 0;
  let reason = '';
  for (const outer of fields(body)) {
    if (outer.number !== 1 || typeof outer.value === 'number') continue;
    for (const { number, value } of fields(outer.value)) {
      if (number === 1 && typeof value === 'number') rejected = value;
      if (number === 2 && typeof value !== 'number') reason = value.toString();
    }
  }
  return resultWith(rejected, reason);
}

function* fields(bytes: Buffer): Generator<{ readonly number: number; readonly value: number | Buffer }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError('cut short');
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError('no field has the number 0');
    switch (tag % 8) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        at += 8;
        break;
      case 2: {
        const length = varint();
        if (at + length > bytes.length) throw new RangeError('cut short');
        at += length;
        yield { number, value: bytes.subarray(at - length, at) };
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        throw new RangeError('unknown wire type');
    }
    if (at > bytes.length) throw new RangeError('cut short');
  }
}
