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

/** Sorts an answer as OTLP/HTTP does (opentelemetry-proto docs/specification.md, "OTLP/HTTP Response"): a result, or throws. */
export function resultOf(answer: Answer, url: string, nowMs: number): PushResult {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    if (answer.isCut) return { rejected: 0, reason: 'the answer is too long to read' };
    return answer.contentType.startsWith('application/json') ? fromJson(answer.body) : fromProtobuf(answer.body);
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
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** A body that cannot be read says nothing about rejects: the status alone counts. */
function fromJson(body: Buffer): PushResult {
  try {
    const partial = fieldsOf(fieldsOf(JSON.parse(body.toString()))['partialSuccess']);
    const reason = partial['errorMessage'];
    const rejected = Number(partial['rejectedSpans'] ?? partial['rejectedLogRecords'] ?? 0);
    return resultWith(rejected, typeof reason === 'string' ? reason : '');
  } catch {
    return { rejected: 0 };
  }
}

/** Export*ServiceResponse.partial_success = 1 { rejected_* = 1 (int64), error_message = 2 }: the same numbers in both signals. */
function fromProtobuf(body: Buffer): PushResult {
  try {
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
  } catch {
    return { rejected: 0 };
  }
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
  }
}
