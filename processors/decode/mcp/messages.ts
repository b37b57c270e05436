import { isObject, type Json, list, object, parseJson, text } from '../json.ts';

/** Methods of MCP by which a message is known to be one: no other protocol over JSON-RPC that is in use has them. */
const OWN = new Set([
  'completion/complete',
  'elicitation/create',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/elicitation/complete',
  'notifications/initialized',
  'notifications/message',
  'notifications/progress',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/roots/list_changed',
  'notifications/subscriptions/acknowledged',
  'notifications/tools/list_changed',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'roots/list',
  'sampling/createMessage',
  'server/discover',
  'subscriptions/listen',
  'tools/call',
  'tools/list',
]);

/** Methods that MCP shares with others: LSP and ACP have `initialize`, A2A has tasks, anybody may have `ping`. */
const SHARED = new Set([
  'initialize',
  'notifications/tasks/status',
  'ping',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/update',
]);

/** The method, or `other`: a fixed list for metrics (modelcontextprotocol.io/specification, 2024-11-05 to 2026-07-28, schema). */
export function methodLabel(method: string): string {
  return OWN.has(method) || SHARED.has(method) ? method : 'other';
}

/** The JSON-RPC 2.0 messages of a body or a line: one, or those of a batch (allowed by MCP 2025-03-26 only). */
export function messagesOf(value: unknown): readonly Json[] {
  const all = Array.isArray(value) ? list(value) : [value];
  return all.filter((one): one is Json => isObject(one) && one['jsonrpc'] === '2.0');
}

/** Whether a message can only be one of MCP. */
export function isMcp(message: Json): boolean {
  const method = text(message['method']);
  if (method === undefined) return false;
  return OWN.has(method) || (method === 'initialize' && isInitialize(object(message['params'])));
}

/** Whether a message is of another protocol. Answers, and methods that nobody knows, are not. */
export function isForeign(message: Json): boolean {
  if (message['method'] !== 'initialize') return false;
  const params = object(message['params']);
  // LSP names the process of its client, ACP counts its versions
  return 'processId' in params || 'rootUri' in params || typeof params['protocolVersion'] === 'number';
}

function isInitialize(params: Json): boolean {
  return text(params['protocolVersion']) !== undefined;
}

/** Stands for the id of a request that was lost with a part of its body. */
export const UNKNOWN_ID = '\0lost';

const MAX_ID = 1024;

/** A JSON-RPC id or a progress token as a key: 1 and "1" are two. Undefined for a notification, and for one longer than anybody makes. */
export function idKey(id: unknown): string | undefined {
  if (typeof id === 'string') return id.length > MAX_ID ? undefined : JSON.stringify(id);
  return typeof id === 'number' ? String(id) : undefined;
}

/** How a JSON-RPC message begins, or a batch of them; the order of members is free. */
const START = /^\s*(?:\[\s*)?\{\s*"(?:jsonrpc|method|id|params|result|error)"\s*:/;
/** Bytes within which `START` has to show. */
export const START_BYTES = 64;

export function beginsLikeRpc(start: string): boolean {
  return START.test(start);
}

/** What of a request is left when its body has holes: its method, its id and the name of the tool. */
export function salvage(words: string, header: (name: string) => string | undefined): Json | undefined {
  const method = header('mcp-method') ?? /"method"\s*:\s*"([a-zA-Z/_]{1,64})"/.exec(words)?.[1];
  if (method === undefined || !(OWN.has(method) || SHARED.has(method))) return undefined;
  const id = /"id"\s*:\s*(\d{1,15}|"[^"\\]{1,128}")/.exec(words)?.[1];
  const name = plainHeader(header('mcp-name')) ?? /"name"\s*:\s*"([^"\\]{1,256})"/.exec(words)?.[1];
  return {
    jsonrpc: '2.0',
    method,
    ...(id !== undefined && { id: parseJson(id) }),
    params: name === undefined ? {} : { name, uri: name },
  };
}

/** The value of an `mcp-name` field: text that is no plain ASCII is written as `=?base64?...?=` (2026-07-28, basic/transports/streamable-http). */
function plainHeader(value: string | undefined): string | undefined {
  const coded = value === undefined ? undefined : /^=\?base64\?([A-Za-z0-9+/]*=*)\?=$/.exec(value)?.[1];
  return coded === undefined ? value : Buffer.from(coded, 'base64').toString();
}
