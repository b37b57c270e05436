import { type Span, spansOfOtlp } from './tree.ts';

/** The body of an answer; throws for any other than a good one. */
export async function json(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(key) : undefined;
}
const listOf = (value: unknown, key: string): readonly unknown[] => {
  const list = field(value, key);
  return Array.isArray(list) ? list : [];
};
/** Ids of all traces between two times (milliseconds since 1970), of whatever service. */
export async function traceIdsBetween(query: string, from: number, to: number): Promise<string[]> {
  const ids = new Set<string>();
  for (const service of listOf(await json(`${query}/api/services`), 'data')) {
    const search = new URLSearchParams({
      service: String(service),
      limit: '1000',
      start: String(from * 1000),
      end: String(to * 1000),
    });
    for (const trace of listOf(await json(`${query}/api/traces?${search}`), 'data'))
      ids.add(String(field(trace, 'traceID')));
  }
  return [...ids];
}

/** A trace as an OTLP/JSON `TracesData`. */
export async function readWholeTrace(query: string, id: string): Promise<unknown> {
  return field(await json(`${query}/api/v3/traces/${id}`), 'result');
}

export async function readTrace(query: string, id: string): Promise<Span[]> {
  return spansOfOtlp(await readWholeTrace(query, id));
}
