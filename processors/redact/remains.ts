import type { OispEvent } from '../../core/index.ts';
import { type Action, dataShape, ENVELOPE, type Fields } from './shape.ts';

const SCALARS: ReadonlySet<Action> = new Set(['keep', 'meta', 'exe', 'path', 'opaque']);
const MAX_TEXT = 1024;

/**
 * What is left of an event that cannot be redacted: scalars of fields that the shapes name, short ones only. Looks at no field that is not
 * named there, so that no input makes it long or deep. Still to be redacted in the mode `minimal`.
 */
export function remainsOf(event: OispEvent): OispEvent {
  const envelope = scalars(event, ENVELOPE) as Omit<OispEvent, 'data' | 'confidence'>;
  const level = (event.confidence as OispEvent['confidence'] | undefined)?.level;
  return {
    ...envelope,
    confidence: {
      level: typeof level === 'string' && /^(?:high|medium|low|inferred)$/.test(level) ? level : 'low',
      completeness: 'redacted',
      limitations: ['redaction_failed'],
      redaction_applied: true,
      redaction_profile: 'failed',
    },
    data: scalars(event.data, dataShape(event.event_type)),
  };
}

function scalars(value: unknown, shape: Fields): object {
  const out: Record<string, unknown> = {};
  if (typeof value !== 'object' || value === null) return out;
  for (const [key, node] of shape.fields) {
    const field: unknown = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
    if (field === undefined || field === null) continue;
    if (typeof node === 'string') {
      if (SCALARS.has(node) && isShort(field)) out[key] = field;
      else if (key === 'flags' && Array.isArray(field)) out[key] = [];
    } else if ('fields' in node && typeof field === 'object') {
      out[key] = scalars(field, node);
    }
  }
  return out;
}

function isShort(value: unknown): boolean {
  return (
    typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value.length <= MAX_TEXT)
  );
}
