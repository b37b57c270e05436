import type { OispEvent } from '../event/types.ts';
import { AttributeList } from './attribute-list.ts';
import { ATTRS, FACTS, type Fact } from './event-facts.ts';
import type { Attribute, Resource } from './span.ts';

/**
 * The event of a model call with its content (semantic conventions 1.41, gen-ai-events.md), which `correlate` makes on request; its `data` is a
 * `DetailsData`. It is none of OISP: files of OISP events leave it out, the content is in their `ai.*`.
 */
export const DETAILS_EVENT = 'gen_ai.client.inference.operation.details';

/** What such an event says, ready for a log record. */
export interface DetailsData {
  readonly success: boolean;
  readonly attributes: readonly Attribute[];
  readonly resource: Resource;
}

/** What an event says as log record; undefined for any other event, and for one whose content was taken out later. */
export function detailsIn(event: OispEvent): DetailsData | undefined {
  const { attributes, resource } = event.data as Partial<DetailsData>;
  if (event.event_type !== DETAILS_EVENT || !Array.isArray(attributes) || !Array.isArray(resource?.attributes)) {
    return undefined;
  }
  return event.data as DetailsData;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

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

function at(data: Fields, path: string): unknown {
  const dot = path.indexOf('.');
  return dot < 0 ? data[path] : fieldsOf(data[path.slice(0, dot)])[path.slice(dot + 1)];
}

function add(list: AttributeList, [path, key, type]: Fact, data: Fields): void {
  const value = at(data, path);
  if (type === 'count') list.int(key, Array.isArray(value) ? value.length : undefined);
  else list[type](key, value);
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
  list.int('process.parent_pid', process['ppid']);
  list.string('process.creation.time', process['start_time']);
  list.string('process.executable.name', process['name']);
  actorFacts(list, fieldsOf(event.actor));
  const data = fieldsOf(event.data);
  for (const fact of FACTS[event.event_type] ?? []) add(list, fact, data);
  const attrs = fieldsOf(event.attrs);
  for (const [name, key] of ATTRS) if (!list.has(key)) list.string(key, attrs[name]);
  if (event.event_type.startsWith('ai.')) aiFacts(list, data, attrs);
  if (event.event_type === 'agent.rag_retrieve') list.string('gen_ai.operation.name', 'retrieval');
  if (event.event_type === 'network.connect' || event.event_type === 'network.flow') {
    const dest = fieldsOf(data['dest']);
    list.string('server.address', dest['domain'] ?? dest['ip']);
  }
  list.string('error.type', errorType(event.event_type, data, attrs));
  return list.attributes;
}

function actorFacts(list: AttributeList, actor: Fields): void {
  const uid = actor['uid'];
  list.string('user.name', actor['user']);
  list.string('user.id', typeof uid === 'number' ? String(uid) : uid);
}

function aiFacts(list: AttributeList, data: Fields, attrs: Fields): void {
  const name = fieldsOf(data['provider'])['name'];
  list.string(
    'gen_ai.provider.name',
    attrs['gen_ai.provider.name'] ?? (typeof name === 'string' ? (PROVIDERS[name] ?? name) : undefined),
  );
  const type = data['request_type'];
  list.string(
    'gen_ai.operation.name',
    attrs['gen_ai.operation.name'] ?? (typeof type === 'string' ? (OPERATIONS[type] ?? type) : undefined),
  );
  const reasons = attrs['gen_ai.response.finish_reasons'];
  list.strings('gen_ai.response.finish_reasons', Array.isArray(reasons) ? reasons : [data['finish_reason']]);
  const firstMs = data['time_to_first_token_ms'];
  list.double('gen_ai.response.time_to_first_chunk', typeof firstMs === 'number' ? firstMs / 1000 : undefined);
}

/** As spans have it: the provider's code before its kind; words of programs are content and stay out. */
function errorType(eventType: string, data: Fields, attrs: Fields): unknown {
  const { error } = data;
  const { code, type } = fieldsOf(error);
  const isCall = eventType === 'ai.response';
  const named = isCall ? (code ?? type) : (type ?? (eventType.startsWith('network.') ? error : undefined));
  if (typeof named === 'string') return named;
  if (typeof attrs['error.type'] === 'string') return attrs['error.type'];
  if (data['success'] !== false) return undefined;
  if (isCall) return String(data['status_code'] ?? 'stream_interrupted');
  return eventType === 'agent.tool_result' ? 'tool_error' : undefined;
}
