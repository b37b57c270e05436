import { areObjects, areStrings, hasStrings, isCount, isObject, isText, type Json } from './border.ts';

/**
 * Checks `data` by event type: what our types call required, and the kinds of the lists that later stages walk. Returns the data, with
 * gaps filled that the spec allows (`request_id`, `provider`), or the name of the first wrong field. Types that are not known here pass.
 */
export function checkData(type: string, data: Json, eventId: string): Json | string {
  switch (type) {
    case 'capture.data':
      return captureData(data) ?? data;
    case 'capture.open':
      if (!isText(data, 'conn')) return 'data.conn';
      if (!PROTOCOLS.has(data['protocol'])) return 'data.protocol';
      if (!hasStrings(data, ['sni', 'alpn'])) return 'data.sni';
      if (!isAddress(data['local'])) return 'data.local';
      if (!isAddress(data['remote'])) return 'data.remote';
      return data['child'] === undefined || isChild(data['child']) ? data : 'data.child';
    case 'capture.close':
      return isText(data, 'conn') ? data : 'data.conn';
    case 'capture.lost':
      if (!isOptionalText(data, 'conn')) return 'data.conn';
      if (!isOptionalCount(data['records'])) return 'data.records';
      if (!isOptionalCount(data['bytes'])) return 'data.bytes';
      return isText(data, 'reason') ? data : 'data.reason';
    case 'ai.request':
      return aiRequest(data, eventId);
    case 'ai.response':
      return aiResponse(data, eventId);
    case 'agent.tool_call':
      if (!isNamed(data['tool'])) return 'data.tool';
      if (data['agent'] !== undefined && !isNamed(data['agent'])) return 'data.agent';
      if (data['call_id'] === undefined) return { ...data, call_id: eventId };
      return isText(data, 'call_id') ? data : 'data.call_id';
    case 'agent.tool_result':
      if (!isText(data, 'call_id')) return 'data.call_id';
      return data['tool'] === undefined || isNamed(data['tool']) ? data : 'data.tool';
    case 'process.exec':
      if (!isText(data, 'exe')) return 'data.exe';
      if (!isOptionalText(data, 'cwd')) return 'data.cwd';
      return data['args'] === undefined || areStrings(data['args']) ? data : 'data.args';
    case 'process.exit':
      return Number.isSafeInteger(data['exit_code']) ? data : 'data.exit_code';
    case 'process.fork':
      return isCount(data['child_pid']) ? data : 'data.child_pid';
    case 'file.open':
    case 'file.read':
    case 'file.write':
    case 'file.delete':
      if (!isText(data, 'path')) return 'data.path';
      if (!isOptionalCount(data['bytes_read'])) return 'data.bytes_read';
      if (!isOptionalCount(data['bytes_written'])) return 'data.bytes_written';
      // an integer of flags (as some sensors write them) says nothing here
      return data['flags'] === undefined || areStrings(data['flags']) ? data : 'data.flags';
    case 'file.rename':
      if (!isText(data, 'old_path')) return 'data.old_path';
      return isText(data, 'new_path') ? data : 'data.new_path';
    case 'network.connect':
      return isObject(data['dest']) && isAddress(data['dest']) && isOptionalText(data['dest'], 'domain')
        ? data
        : 'data.dest';
    case 'network.dns':
      if (!isText(data, 'query_name')) return 'data.query_name';
      return data['answers'] === undefined || (Array.isArray(data['answers']) && data['answers'].every(isObject))
        ? data
        : 'data.answers';
    default:
      return data;
  }
}

const PROTOCOLS = new Set<unknown>(['tls', 'plain', 'stdio']);

function captureData(data: Json): string | undefined {
  if (!isText(data, 'conn')) return 'data.conn';
  if (data['dir'] !== 'sent' && data['dir'] !== 'received') return 'data.dir';
  if (!isCount(data['seq'])) return 'data.seq';
  if (!isCount(data['offset'])) return 'data.offset';
  if (!isOptionalCount(data['cut'])) return 'data.cut';
  if (data['bytes'] !== undefined) return data['bytes'] instanceof Uint8Array ? undefined : 'data.bytes';
  if (data['b64'] === undefined && data['cut'] !== undefined) return undefined;
  return isText(data, 'b64') ? undefined : 'data.b64';
}

function aiRequest(data: Json, eventId: string): Json | string {
  const wrong = modelCall(data);
  if (wrong !== undefined) return wrong;
  if (data['messages'] !== undefined && !areMessages(data['messages'])) return 'data.messages';
  if (data['tools'] !== undefined && !areObjects(data['tools'], 'name')) return 'data.tools';
  if (!isOptionalObject(data['parameters'])) return 'data.parameters';
  if (!isOptionalObject(data['auth'])) return 'data.auth';
  const isWhole =
    isText(data, 'request_id') &&
    data['provider'] !== undefined &&
    isText(data, 'request_type') &&
    typeof data['streaming'] === 'boolean';
  if (isWhole) return data;
  return {
    ...data,
    request_id: data['request_id'] ?? eventId,
    provider: data['provider'] ?? { name: 'other' },
    request_type: isText(data, 'request_type') ? data['request_type'] : 'other',
    streaming: data['streaming'] === true,
  };
}

function aiResponse(data: Json, eventId: string): Json | string {
  const wrong = modelCall(data);
  if (wrong !== undefined) return wrong;
  const { choices, usage } = data;
  if (choices !== undefined) {
    if (!Array.isArray(choices)) return 'data.choices';
    for (const choice of choices) if (!isObject(choice) || !isMessage(choice['message'])) return 'data.choices';
  }
  if (data['tool_calls'] !== undefined && !areObjects(data['tool_calls'], 'name')) return 'data.tool_calls';
  if (!isOptionalObject(data['error'])) return 'data.error';
  if (usage !== undefined) {
    if (!isObject(usage)) return 'data.usage';
    for (const name of TOKENS) if (!isOptionalCount(usage[name])) return 'data.usage';
  }
  const isWhole = isText(data, 'request_id') && data['provider'] !== undefined && typeof data['success'] === 'boolean';
  if (isWhole) return data;
  return {
    ...data,
    request_id: data['request_id'] ?? eventId,
    provider: data['provider'] ?? { name: 'other' },
    success: typeof data['success'] === 'boolean' ? data['success'] : data['error'] === undefined,
  };
}

const TOKENS = [
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'cache_creation_tokens',
];

function modelCall(data: Json): string | undefined {
  if (!isOptionalText(data, 'request_id')) return 'data.request_id';
  if (data['provider'] !== undefined && !isNamed(data['provider'])) return 'data.provider';
  if (data['model'] !== undefined && !(isObject(data['model']) && isText(data['model'], 'id'))) return 'data.model';
  return isOptionalText(data, 'conversation_id') ? undefined : 'data.conversation_id';
}

function areMessages(value: unknown): boolean {
  return Array.isArray(value) && value.every(isMessage);
}

function isMessage(value: unknown): boolean {
  if (!isObject(value) || typeof value['role'] !== 'string') return false;
  const { content, parts } = value;
  if (content !== undefined && content !== null && typeof content !== 'string' && typeof content !== 'object')
    return false;
  return parts === undefined || areObjects(parts, 'type');
}

function isNamed(value: unknown): boolean {
  return isObject(value) && typeof value['name'] === 'string';
}

function isChild(value: unknown): boolean {
  return isObject(value) && isCount(value['pid']) && isOptionalText(value, 'start_time');
}

/** `{ ip?, port? }`, or nothing. */
function isAddress(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isObject(value) || !isOptionalText(value, 'ip')) return false;
  return value['port'] === undefined || (isCount(value['port']) && value['port'] <= 65_535);
}

function isOptionalText(of: Json, name: string): boolean {
  return of[name] === undefined || typeof of[name] === 'string';
}

function isOptionalCount(value: unknown): boolean {
  return value === undefined || isCount(value);
}

function isOptionalObject(value: unknown): boolean {
  return value === undefined || isObject(value);
}
