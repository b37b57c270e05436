/** Spans with everything they hold, for comparing what a backend gives back with what was sent. */

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** An OTLP/JSON `AnyValue` with its type: 1, 1.0 and "1" differ. */
function typed(value: unknown): unknown {
  const v = fields(value);
  if ('intValue' in v) return { int: String(v['intValue']) };
  if ('doubleValue' in v) return { double: Number(v['doubleValue']) };
  if ('arrayValue' in v) return { array: list(fields(v['arrayValue'])['values']).map(typed) };
  if ('kvlistValue' in v) return { kvlist: pairs(fields(v['kvlistValue'])['values']) };
  return v;
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Attributes have no order. */
function pairs(attributes: unknown): unknown[] {
  return list(attributes)
    .map((pair) => [fields(pair)['key'], typed(fields(pair)['value'])])
    .sort(byText);
}

/** Span flags are left out: they are no fact of ours, and Tempo does not keep them. */
function whole(span: Fields): Fields {
  return {
    parent: span['parentSpanId'] || undefined,
    name: span['name'],
    kind: span['kind'],
    start: span['startTimeUnixNano'],
    end: span['endTimeUnixNano'],
    state: span['traceState'] || undefined,
    status: { code: fields(span['status'])['code'] ?? 0, message: fields(span['status'])['message'] || undefined },
    attributes: pairs(span['attributes']),
    // Jaeger gives events in the order of their names
    events: list(span['events'])
      .map((event) => ({
        time: fields(event)['timeUnixNano'],
        name: fields(event)['name'],
        attributes: pairs(fields(event)['attributes']),
      }))
      .sort(byText),
    links: list(span['links']).map((link) => ({
      trace: fields(link)['traceId'],
      span: fields(link)['spanId'],
      attributes: pairs(fields(link)['attributes']),
    })),
  };
}

/** The spans of an OTLP/JSON `TracesData` by `trace/span` id, each with its resource and scope; a list, because ids may come twice. */
export function wholeSpans(body: unknown): (readonly [id: string, span: Fields])[] {
  return list(fields(body)['resourceSpans']).flatMap((r) => {
    const resource = pairs(fields(fields(r)['resource'])['attributes']);
    return list(fields(r)['scopeSpans']).flatMap((s) => {
      const { name, version } = fields(fields(s)['scope']);
      return list(fields(s)['spans']).map((item) => {
        const span = fields(item);
        const id = `${String(span['traceId'])}/${String(span['spanId'])}`;
        return [id, { ...whole(span), resource, scope: { name, version } }] as const;
      });
    });
  });
}

const MOST = 20;
const brief = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}... (${text.length})` : text;
};

/** Where two attribute lists differ, or two other values. */
function difference(is: unknown, was: unknown): string {
  if (!Array.isArray(is) || !Array.isArray(was)) return `${brief(is)}, not ${brief(was)}`;
  const at = was.findIndex((item, i) => JSON.stringify(item) !== JSON.stringify(is[i]));
  return at < 0 ? `more: ${brief(is[was.length])}` : `${brief(is[at])}, not ${brief(was[at])}`;
}

/** What is missing, there twice, not sent or other than it was sent (at most 20 of it); empty when all is equal. */
export function compareWhole(
  sent: readonly (readonly [string, Fields])[],
  read: readonly (readonly [string, Fields])[],
): string[] {
  const out: string[] = [];
  const wanted = new Map(sent);
  if (wanted.size !== sent.length) out.push(`${sent.length - wanted.size} spans were sent twice`);
  const seen = new Set<string>();
  for (const [id, span] of read) {
    const other = wanted.get(id);
    if (seen.has(id)) out.push(`${id} ${String(span['name'])}: there twice`);
    else if (other === undefined) out.push(`${id} ${String(span['name'])}: was not sent`);
    else
      for (const key of Object.keys(other)) {
        if (JSON.stringify(span[key]) !== JSON.stringify(other[key]))
          out.push(`${id} ${String(span['name'])}: ${key} is ${difference(span[key], other[key])}`);
      }
    seen.add(id);
  }
  for (const [id, span] of wanted) if (!seen.has(id)) out.push(`${id} ${String(span['name'])}: missing`);
  return out.length > MOST ? [...out.slice(0, MOST), `and ${out.length - MOST} more`] : out;
}
