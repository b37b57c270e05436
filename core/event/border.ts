import { checkData } from './border-data.ts';
import { MATCH_ATTR } from './match.ts';
import { parseTime } from './time.ts';
import type { OispEvent } from './types.ts';

/** Objects and arrays inside one another that an event may have; deeper ones are refused before anything walks them. */
export const MAX_EVENT_DEPTH = 128;

/**
 * An event that is what its type says, or the name of the first field that is not (a fixed set of words, so it serves as a label; never content).
 * `rounded`: `ts_mono` is over 2^53, so JSON numbers hold it only to the nearest even nanosecond or coarser.
 */
export type Checked = { readonly event: OispEvent; readonly rounded?: boolean } | { readonly reason: string };

export type Json = { readonly [key: string]: unknown };

const EVENT_TYPE = /^[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*)*$/;
const LEVELS = new Set<unknown>(['high', 'medium', 'low', 'inferred']);
const UNSTATED_SOURCE = { collector: 'unknown' };
const UNSTATED_CONFIDENCE = { level: 'low', completeness: 'partial', reasons: ['not stated by the source'] };

/**
 * Checks a foreign value (a parsed line, a frame of a socket) at the border: envelope as `envelope.schema.json` of oisp-spec v0.1, and the
 * fields of `data` that our types call required. What the spec leaves optional and our types want is filled in (`source`,
 * `confidence`, `data`, ids of model calls); match keys are taken off, since they only mean something under the local key.
 * Never throws. The event shares the value's memory.
 */
export function checkEvent(value: unknown): Checked {
  if (!isObject(value)) return { reason: 'not_object' };
  if (isDeeper(value, MAX_EVENT_DEPTH)) return { reason: 'too_deep' };
  const reason = checkEnvelope(value);
  if (reason !== undefined) return { reason };
  const data = value['data'] === undefined ? {} : value['data'];
  if (!isObject(data)) return { reason: 'data' };
  const checked = checkData(value['event_type'] as string, data, value['event_id'] as string);
  if (typeof checked === 'string') return { reason: checked };

  let whole: Json = value;
  const { source, confidence, attrs } = value;
  if (
    checked !== value['data'] ||
    source === undefined ||
    confidence === undefined ||
    value['oisp_version'] === undefined
  ) {
    whole = {
      ...value,
      oisp_version: value['oisp_version'] ?? '0.1',
      source: source ?? UNSTATED_SOURCE,
      confidence: confidence ?? UNSTATED_CONFIDENCE,
      data: checked,
    };
  }
  if (attrs !== undefined && MATCH_ATTR in (attrs as object)) {
    const { [MATCH_ATTR]: _, ...rest } = attrs as Json;
    whole = { ...whole, attrs: rest };
  }
  const event = whole as unknown as OispEvent;
  return (event.ts_mono ?? 0) > Number.MAX_SAFE_INTEGER ? { event, rounded: true } : { event };
}

function checkEnvelope(value: Json): string | undefined {
  const { event_id, event_type, ts, ts_mono, source, confidence, process, oisp_version } = value;
  if (oisp_version !== undefined && typeof oisp_version !== 'string') return 'oisp_version';
  if (typeof event_id !== 'string' || event_id.length === 0 || event_id.length > 256) return 'event_id';
  if (typeof event_type !== 'string' || !isType(event_type)) return 'event_type';
  if (typeof ts !== 'string' || ts.length > 64 || parseTime(ts) === undefined) return 'ts';
  if (ts_mono !== undefined && !(Number.isInteger(ts_mono) && (ts_mono as number) >= 0)) return 'ts_mono';
  if (source !== undefined && !isSource(source)) return 'source';
  if (confidence !== undefined && !isConfidence(confidence)) return 'confidence';
  if (process !== undefined && !isProcess(process)) return 'process';
  if (value['host'] !== undefined && !isHost(value['host'])) return 'host';
  if (value['app'] !== undefined && !isApp(value['app'])) return 'app';
  if (value['actor'] !== undefined && !isObject(value['actor'])) return 'actor';
  if (value['web_context'] !== undefined && !isObject(value['web_context'])) return 'web_context';
  if (value['attrs'] !== undefined && !isObject(value['attrs'])) return 'attrs';
  if (value['ext'] !== undefined && !isObject(value['ext'])) return 'ext';
  if (value['related_events'] !== undefined && !areObjects(value['related_events'], 'event_id'))
    return 'related_events';
  const context = value['trace_context'];
  if (context !== undefined && !(isObject(context) && isText(context, 'trace_id') && isText(context, 'span_id')))
    return 'trace_context';
  return undefined;
}

/** Types that were seen to be well formed: there are few, and looking one up is cheaper than matching it again. */
const seenTypes = new Set<string>();
const MOST_SEEN_TYPES = 256;

function isType(text: string): boolean {
  if (seenTypes.has(text)) return true;
  if (text.length > 128 || !EVENT_TYPE.test(text)) return false;
  if (seenTypes.size < MOST_SEEN_TYPES) seenTypes.add(text);
  return true;
}

// Fields are read by written-out names, not in a loop over names: that is several times faster, and every event comes through here.

function isSource(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value['collector'] === 'string' &&
    isTextOrNone(value['collector_version']) &&
    isTextOrNone(value['capture_method']) &&
    isTextOrNone(value['capture_point']) &&
    isTextOrNone(value['sensor_host']) &&
    isTextOrNone(value['clock'])
  );
}

function isConfidence(value: unknown): boolean {
  return isObject(value) && LEVELS.has(value['level']) && typeof value['completeness'] === 'string';
}

function isHost(value: unknown): boolean {
  return (
    isObject(value) &&
    isTextOrNone(value['hostname']) &&
    isTextOrNone(value['device_id']) &&
    isTextOrNone(value['os']) &&
    isTextOrNone(value['os_version']) &&
    isTextOrNone(value['arch']) &&
    isTextOrNone(value['kernel_version']) &&
    isTextOrNone(value['boot_id'])
  );
}

function isApp(value: unknown): boolean {
  return (
    isObject(value) &&
    isTextOrNone(value['app_id']) &&
    isTextOrNone(value['name']) &&
    isTextOrNone(value['vendor']) &&
    isTextOrNone(value['version'])
  );
}

function isProcess(value: unknown): boolean {
  return (
    isObject(value) &&
    isTextOrNone(value['exe']) &&
    isTextOrNone(value['name']) &&
    isTextOrNone(value['cmdline']) &&
    isTextOrNone(value['cwd']) &&
    isTextOrNone(value['start_time']) &&
    isCountOrNone(value['pid']) &&
    isCountOrNone(value['ppid']) &&
    isCountOrNone(value['thread_id']) &&
    (value['cmdline_args'] === undefined || areStrings(value['cmdline_args']))
  );
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isCountOrNone(value: unknown): boolean {
  return value === undefined || isCount(value);
}

/** Whether containers are nested deeper than `limit`. Recursion ends at the limit, so any value is safe. */
export function isDeeper(value: object, limit: number): boolean {
  if (limit === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null && isDeeper(item, limit - 1)) return true;
    return false;
  }
  if (ArrayBuffer.isView(value)) return false;
  for (const key in value) {
    const item: unknown = (value as Json)[key];
    if (typeof item === 'object' && item !== null && isDeeper(item, limit - 1)) return true;
  }
  return false;
}

/** An object with string keys: no array, not null. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number from 0 that a double holds exactly. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isText(of: Json, name: string): boolean {
  return typeof of[name] === 'string';
}

export function areStrings(value: unknown): value is string[] {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (typeof item !== 'string') return false;
  return true;
}

/** An array of objects that each have a text under `name`. */
export function areObjects(value: unknown, name: string): value is Json[] {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (!isObject(item) || typeof item[name] !== 'string') return false;
  return true;
}

/** An object whose `optional` fields are texts where they are there, and whose `required` one is there. */
export function hasStrings(value: unknown, optional: readonly string[], required?: string): boolean {
  if (!isObject(value)) return false;
  if (required !== undefined && typeof value[required] !== 'string') return false;
  for (const name of optional) if (value[name] !== undefined && typeof value[name] !== 'string') return false;
  return true;
}
