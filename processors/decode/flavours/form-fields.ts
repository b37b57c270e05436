import type { Json } from '../json.ts';

/** Longest value that is taken for a field and not for a file, in characters. */
const MAX_VALUE = 4096;

/**
 * The plain fields of a `multipart/form-data` body (RFC 7578); what has a file name is left out. Undefined where `contentType` is another.
 */
export function formFields(body: string, contentType: string | undefined): Json | undefined {
  const boundary = /^multipart\/form-data\s*;.*\bboundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType ?? '',
  );
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return undefined;
  const fields: Record<string, string> = Object.create(null);
  for (const part of body.split(`--${mark}`).slice(1)) {
    const end = part.indexOf('\r\n\r\n');
    if (end < 0 || part.length - end > MAX_VALUE) continue;
    const head = part.slice(0, end);
    const name = /^content-disposition\s*:\s*form-data\s*;[^\r\n]*\bname="([^"]{1,64})"/im.exec(head)?.[1];
    if (name !== undefined && !/filename\*?=/i.test(head)) fields[name] = part.slice(end + 4).replace(/\r\n$/, '');
  }
  return fields;
}
