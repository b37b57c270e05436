import type { OispEvent } from '../event/types.ts';
import type { Attribute } from './span.ts';

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** Where a fact of an event's `data` goes: path in the data, attribute, type. */
type Fact = readonly [path: string, key: string, type: 'string' | 'int' | 'bool'];

const PATHS: readonly Fact[] = [['path', 'file.path', 'string']];

const FILE: readonly Fact[] = [
  ...PATHS,
  ['bytes_read', 'oisp.file.bytes_read', 'int'],
  ['bytes_written', 'oisp.file.bytes_written', 'int'],
  ['created', 'oisp.file.created', 'bool'],
  ['truncated', 'oisp.file.truncated', 'bool'],
];

const AI: readonly Fact[] = [
  ['request_id', 'oisp.request_id', 'string'],
  ['conversation_id', 'gen_ai.conversation.id', 'string'],
];

/** Facts by event type. Nothing here is a message, an argument, a result or a command line. */
const FACTS: Readonly<Record<string, readonly Fact[]>> = {
  'ai.request': [
    ...AI,
    ['model.id', 'gen_ai.request.model', 'string'],
    ['messages_count', 'oisp.request.messages.count', 'int'],
    ['tools_count', 'oisp.request.tools.count', 'int'],
    ['auth.type', 'oisp.auth.type', 'string'],
    ['auth.account_type', 'oisp.auth.account_type', 'string'],
  ],
  'ai.response': [
    ...AI,
    ['model.id', 'gen_ai.response.model', 'string'],
    ['provider_request_id', 'gen_ai.response.id', 'string'],
    ['status_code', 'http.response.status_code', 'int'],
    ['error.type', 'error.type', 'string'],
    ['usage.prompt_tokens', 'gen_ai.usage.input_tokens', 'int'],
    ['usage.completion_tokens', 'gen_ai.usage.output_tokens', 'int'],
    ['usage.cached_tokens', 'gen_ai.usage.cache_read.input_tokens', 'int'],
    ['usage.cache_creation_tokens', 'gen_ai.usage.cache_creation.input_tokens', 'int'],
    ['usage.reasoning_tokens', 'gen_ai.usage.reasoning.output_tokens', 'int'],
  ],
  'agent.tool_call': [
    ['tool.name', 'gen_ai.tool.name', 'string'],
    ['tool.type', 'oisp.tool.type', 'string'],
    ['call_id', 'gen_ai.tool.call.id', 'string'],
    ['request_id', 'oisp.request_id', 'string'],
  ],
  'agent.tool_result': [
    ['tool.name', 'gen_ai.tool.name', 'string'],
    ['call_id', 'gen_ai.tool.call.id', 'string'],
    ['error.type', 'error.type', 'string'],
    ['result_size_bytes', 'oisp.tool.result_size', 'int'],
    ['request_id', 'oisp.request_id', 'string'],
  ],
  'process.exec': [['exe', 'process.executable.path', 'string']],
  'process.exit': [
    ['exit_code', 'process.exit.code', 'int'],
    ['signal_name', 'oisp.process.signal', 'string'],
    ['runtime_ms', 'oisp.process.runtime_ms', 'int'],
  ],
  'process.fork': [['child_pid', 'oisp.process.child_pid', 'int']],
  'file.open': FILE,
  'file.read': FILE,
  'file.write': FILE,
  'file.close': FILE,
  'file.delete': PATHS,
  'file.rename': [
    ['new_path', 'file.path', 'string'],
    ['old_path', 'oisp.file.old_path', 'string'],
    ['overwrote', 'oisp.file.overwrote', 'bool'],
  ],
  'network.connect': [
    ['dest.ip', 'network.peer.address', 'string'],
    ['dest.port', 'network.peer.port', 'int'],
    ['dest.port', 'server.port', 'int'],
    ['protocol', 'network.transport', 'string'],
  ],
  'network.dns': [
    ['query_name', 'dns.question.name', 'string'],
    ['query_type', 'oisp.dns.type', 'string'],
    ['response_code', 'oisp.dns.rcode', 'string'],
  ],
  'capture.lost': [
    ['records', 'oisp.lost.records', 'int'],
    ['bytes', 'oisp.lost.bytes', 'int'],
    ['reason', 'oisp.lost.reason', 'string'],
  ],
};

/** `request_type` to `gen_ai.operation.name`; others keep their own word. */
const OPERATIONS: Readonly<Record<string, string>> = {
  completion: 'text_completion',
  embedding: 'embeddings',
};

/** OISP provider names to the well-known `gen_ai.provider.name` values; others keep their own word. */
const PROVIDERS: Readonly<Record<string, string>> = {
  google: 'gcp.gemini',
  azure_openai: 'azure.ai.openai',
  aws_bedrock: 'aws.bedrock',
  mistral: 'mistral_ai',
  xai: 'x_ai',
  other: '_OTHER',
};

/** Collects attributes; a value of another kind than expected is left out, because events may be foreign. */
export class AttributeList {
  readonly attributes: Attribute[] = [];

  string(key: string, value: unknown): void {
    if (typeof value === 'string' && value !== '') this.attributes.push({ key, type: 'string', value });
  }
  int(key: string, value: unknown): void {
    if (typeof value !== 'number' || !Number.isFinite(value)) return;
    this.attributes.push({ key, type: 'int', value: Math.round(value) });
  }
  bool(key: string, value: unknown): void {
    if (typeof value === 'boolean') this.attributes.push({ key, type: 'bool', value });
  }
}

function at(data: Fields, path: string): unknown {
  const dot = path.indexOf('.');
  return dot < 0 ? data[path] : fieldsOf(data[path.slice(0, dot)])[path.slice(dot + 1)];
}

/**
 * The main facts of an event as attributes with the names of semantic conventions 1.41 (ours start with `oisp.`). Content stays out:
 * messages, arguments, results, command lines, bytes.
 */
export function attributesOf(event: OispEvent): Attribute[] {
  const list = new AttributeList();
  list.string('oisp.event.id', event.event_id);
  list.string('oisp.event.type', event.event_type);
  if (event.attrs?.['oisp.late'] === true) list.bool('oisp.late', true);
  const process = fieldsOf(event.process);
  list.int('process.pid', process['pid']);
  list.string('process.creation.time', process['start_time']);
  list.string('process.executable.name', process['name']);
  const data = fieldsOf(event.data);
  for (const [path, key, type] of FACTS[event.event_type] ?? []) list[type](key, at(data, path));
  if (event.event_type.startsWith('ai.')) aiFacts(list, data);
  if (event.event_type === 'network.connect') {
    const dest = fieldsOf(data['dest']);
    list.string('server.address', dest['domain'] ?? dest['ip']);
    list.string('error.type', typeof data['error'] === 'string' ? data['error'] : fieldsOf(data['error'])['type']);
  }
  return list.attributes;
}

function aiFacts(list: AttributeList, data: Fields): void {
  const provider = fieldsOf(data['provider']);
  const name = provider['name'];
  if (typeof name === 'string') list.string('gen_ai.provider.name', PROVIDERS[name] ?? name);
  const type = data['request_type'];
  if (typeof type === 'string') list.string('gen_ai.operation.name', OPERATIONS[type] ?? type);
  const reason = data['finish_reason'];
  if (typeof reason === 'string') {
    list.attributes.push({ key: 'gen_ai.response.finish_reasons', type: 'strings', value: [reason] });
  }
}
