import type { AiRequestData, AiResponseData, OispEvent, ToolCallData, ToolResultData } from '../../../../core/index.ts';
import { decode, Recorder, request, response, sse } from '../capture.ts';

/** One call by hand: what is sent, and what comes back. */
export interface Sample {
  readonly host: string;
  readonly path: string;
  readonly body?: unknown;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** A JSON value, the events of a stream, or bytes as they are. */
  readonly answer?: unknown;
  readonly events?: readonly unknown[];
  readonly lines?: readonly unknown[];
  readonly raw?: string | Buffer;
  readonly status?: number;
  /** Bytes of a record. */
  readonly size?: number;
}

/** What the decoder makes of it. */
export interface Seen {
  readonly request: AiRequestData;
  readonly requestEvent: OispEvent | undefined;
  readonly response: AiResponseData;
  readonly responseEvent: OispEvent | undefined;
  readonly operation: unknown;
  readonly text: string | undefined;
  readonly calls: readonly ToolCallData[];
  readonly results: readonly ToolResultData[];
  readonly out: readonly OispEvent[];
  readonly ignored: number;
}

export function call(sample: Sample): Seen {
  const { host, path, body, size } = sample;
  const sent =
    body === undefined
      ? `${sample.method ?? 'GET'} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers(sample)}\r\n`
      : request(host, path, body, sample.headers)
          .replace(/^POST/, sample.method ?? 'POST')
          .replace('Content-Type: application/json\r\n', sample.headers?.['Content-Type'] === undefined ? '$&' : '');
  const { out, of, count } = decode(
    new Recorder()
      .open('c', { sni: host.split(':')[0], alpn: 'http/1.1' })
      .data('c', 'sent', sent, size)
      .data('c', 'received', received(sample), size)
      .close('c').events,
  );
  const requestEvent = of('ai.request')[0];
  const responseEvent = of('ai.response')[0];
  const answer = responseEvent?.data as AiResponseData;
  return {
    request: requestEvent?.data as AiRequestData,
    requestEvent,
    response: answer,
    responseEvent,
    operation: requestEvent?.attrs?.['gen_ai.operation.name'],
    text: answer?.choices?.[0]?.message.content as string | undefined,
    calls: of('agent.tool_call').map((event) => event.data as ToolCallData),
    results: of('agent.tool_result').map((event) => event.data as ToolResultData),
    out,
    ignored: count('ignored_requests'),
  };
}

function headers(sample: Sample): string {
  return Object.entries(sample.headers ?? {})
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

function received(sample: Sample): string | Buffer {
  if (sample.raw !== undefined) return sample.raw;
  if (sample.events !== undefined) return sse(sample.events);
  if (sample.lines !== undefined) {
    const text = sample.lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    return `HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  }
  return response(sample.answer ?? {}, sample.status);
}
