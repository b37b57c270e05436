import { createHmac } from 'node:crypto';
import type { Redacted } from '../../core/index.ts';

/** Code points of a text: surrogate pairs count once. */
export function codePoints(text: string): number {
  let pairs = 0;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      pairs++;
      i++;
    }
  }
  return text.length - pairs;
}

/** `hmac-sha256:` and 64 hex digits. Keyed, because short texts could be guessed from a plain hash. */
export function hashOf(text: string, key: Uint8Array): string {
  return `hmac-sha256:${createHmac('sha256', key).update(text).digest('hex')}`;
}

/** JSON with sorted keys, so that equal values have equal hashes. Text stands for itself. Throws on cycles and on more than 64 levels. */
export function canonical(value: unknown): string {
  return typeof value === 'string' ? value : json(value, 0);
}

function json(value: unknown, depth: number): string {
  if (depth > 64) throw new RangeError('more than 64 levels');
  if (Array.isArray(value)) return `[${value.map((v) => json(v, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${json(v, depth + 1)}`).join(',')}}`;
  }
  return value === undefined ? 'null' : JSON.stringify(value);
}

const WORD = /^[\w :./+=-]{1,160}$/;

function word(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? value : undefined;
}

/** A marker that somebody else left: its known fields, without the preview and without what is no short word. */
export function trimmed(marker: Redacted): Redacted {
  const { reason, detector, original_length, hash, redaction_profile, findings } = { ...marker.$redacted };
  const types = Array.isArray(findings)
    ? findings.flatMap((f: unknown) => {
        if (typeof f !== 'object' || f === null) return [];
        const type = word('type' in f ? f.type : undefined);
        return type !== undefined && 'count' in f && Number.isInteger(f.count)
          ? [{ type, count: Number(f.count) }]
          : [];
      })
    : [];
  const [detectorWord, hashWord, profile] = [word(detector), word(hash), word(redaction_profile)];
  return {
    $redacted: {
      reason: word(reason) ?? 'unknown',
      ...(detectorWord === undefined ? {} : { detector: detectorWord }),
      ...(Number.isInteger(original_length) ? { original_length: Number(original_length) } : {}),
      ...(hashWord === undefined ? {} : { hash: hashWord }),
      ...(profile === undefined ? {} : { redaction_profile: profile }),
      ...(types.length === 0 ? {} : { findings: types }),
    },
  };
}
