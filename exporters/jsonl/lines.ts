import { MATCH_ATTR, type OispEvent } from '../../core/index.ts';

/**
 * One event as a line of OISP JSON without its line feed. `attrs["oisp.match"]` (keys under a local secret) is left out; bytes in `data`
 * become base64: `bytes` as `b64`, as recordings have it, others under their own name. Throws a TypeError where a value has no JSON form.
 */
export function lineOf(event: OispEvent): string {
  let out = event;
  if (event.attrs !== undefined && MATCH_ATTR in event.attrs) {
    const { [MATCH_ATTR]: _, ...attrs } = event.attrs;
    const { attrs: __, ...rest } = event;
    out = Object.keys(attrs).length === 0 ? rest : { ...rest, attrs };
  }
  const data = asText(event.data);
  return JSON.stringify(data === event.data ? out : { ...out, data });
}

function asText(data: object): object {
  let out: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(data)) {
    if (!(value instanceof Uint8Array)) continue;
    out ??= { ...data };
    delete out[key];
    out[key === 'bytes' ? 'b64' : key] = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(
      'base64',
    );
  }
  return out ?? data;
}
