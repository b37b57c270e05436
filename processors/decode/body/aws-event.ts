import { isObject, type Json, parseJson, text } from '../json.ts';
import type { EventMessage } from './event-stream.ts';

/** An event of an AWS event stream as readers of streams see it: a value and its name. Undefined when its payload is no JSON object. */
export function awsEvent(
  message: EventMessage,
): { readonly event: Json; readonly name: string | undefined } | undefined {
  const { headers, payload } = message;
  const type = headers.get(':message-type');
  const body = payload.length === 0 ? {} : parseJson(payload.toString());
  if (type === 'exception') {
    const kind = word(headers.get(':exception-type'));
    const said = isObject(body) ? (text(body['message']) ?? text(body['Message'])) : undefined;
    return failure(kind, said);
  }
  if (type === 'error') return failure(word(headers.get(':error-code')), word(headers.get(':error-message')));
  if (!isObject(body)) return undefined;
  const bytes = body['bytes'];
  if (typeof bytes !== 'string') return { event: body, name: word(headers.get(':event-type')) };
  // InvokeModelWithResponseStream: the model's own JSON
  const inner = parseJson(Buffer.from(bytes, 'base64').toString());
  return isObject(inner) ? { event: inner, name: undefined } : undefined;
}

function failure(type: string | undefined, said: string | undefined) {
  const error = { type: type ?? 'error', ...(said !== undefined && { message: said }) };
  return { event: { type: 'error', error }, name: 'error' };
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
