import { json } from './query.ts';

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((k) => `SPAN_KIND_${k}`);
const CODES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

const hex = (base64: unknown): string => Buffer.from(String(base64 ?? ''), 'base64').toString('hex');
const numbered = (names: readonly string[], value: unknown): unknown =>
  typeof value === 'string' ? names.indexOf(value) : value;

/** Tempo's JSON as OTLP/JSON has it: it says `batches`, writes ids as base64 and enums by name. */
function otlp(body: unknown): Fields {
  const resourceSpans = list(fields(body)['batches']).map((batch) => ({
    ...fields(batch),
    scopeSpans: list(fields(batch)['scopeSpans']).map((scope) => ({
      ...fields(scope),
      spans: list(fields(scope)['spans']).map((item) => {
        const span = fields(item);
        const status = fields(span['status']);
        return {
          ...span,
          traceId: hex(span['traceId']),
          spanId: hex(span['spanId']),
          parentSpanId: hex(span['parentSpanId']),
          kind: numbered(KINDS, span['kind']),
          status: { ...status, code: numbered(CODES, status['code'] ?? 0) },
          links: list(span['links']).map((link) => ({
            ...fields(link),
            traceId: hex(fields(link)['traceId']),
            spanId: hex(fields(link)['spanId']),
          })),
        };
      }),
    })),
  }));
  return { resourceSpans };
}

const spansIn = (body: Fields): number =>
  list(body['resourceSpans'])
    .flatMap((r) => list(fields(r)['scopeSpans']))
    .reduce<number>((n, scope) => n + list(fields(scope)['spans']).length, 0);

/** Asks again until the answer is `enough` or 30 s are over; gives the last one. */
async function until<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (enough(answer) || Date.now() > end) return answer;
    await new Promise((next) => setTimeout(next, 200));
  }
}

/**
 * A trace as an OTLP/JSON `TracesData`. While Tempo moves it from memory to its files an answer may be 404 or a part, so this asks
 * until as many spans as expected are there.
 */
export function readTempoTrace(query: string, id: string, spans: number): Promise<Fields> {
  const ask = async (): Promise<Fields> => {
    const response = await fetch(`${query}/api/traces/${id}`);
    if (response.status === 404) return {};
    if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
    return otlp(await response.json());
  };
  return until(ask, (body) => spansIn(body) >= spans);
}

/** A trace that a search found. */
export interface Found {
  readonly id: string;
  readonly rootService: string;
  readonly rootName: string;
}

/** Traces between two times (seconds since 1970) that TraceQL finds; asks until `count` of them are there. */
export function searchTempo(query: string, q: string, from: number, to: number, count: number): Promise<Found[]> {
  const search = new URLSearchParams({ q, start: String(from), end: String(to), limit: '1000' });
  const ask = async (): Promise<Found[]> =>
    list(fields(await json(`${query}/api/search?${search}`))['traces']).map((trace) => ({
      // leading zeros are left out
      id: String(fields(trace)['traceID']).padStart(32, '0'),
      rootService: String(fields(trace)['rootServiceName']),
      rootName: String(fields(trace)['rootTraceName']),
    }));
  return until(ask, (found) => found.length >= count && found.every((f) => !f.rootName.startsWith('<')));
}

/** Lets Tempo write now what it would write when a block is full or half an hour old: all parts of a trace become one. */
export async function completeBlocks(query: string): Promise<void> {
  const response = await fetch(`${query}/flush`);
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
}

/** Sum of a metric over its labels; 0 where Tempo has not counted any. */
export async function tempoMetric(query: string, name: string): Promise<number> {
  const response = await fetch(`${query}/metrics`);
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  const samples = (await response.text()).split('\n').filter((line) => line.split(/[{ ]/, 1)[0] === name);
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
