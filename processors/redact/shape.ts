/**
 * What a value is, for the three modes.
 *
 * | node | full | safe | minimal |
 * |---|---|---|---|
 * | `keep` ids, enum words, numbers, hashes, names of tools and models; lists and objects are `meta` | as it is | as it is | as it is |
 * | `opaque` made by this collector, or redacted elsewhere | as it is | as it is | as it is |
 * | `word` what should be a word of a provider's: up to 80 letters, digits and `_.:/-` | rules | rules; else as `quote` | rules; else left out |
 * | `meta` process and flow metadata | rules | rules | rules |
 * | `text` other text | rules | rules | numbers and booleans only |
 * | `content` | rules | `{$redacted}` | left out |
 * | `quote` content that the spec wants as a string | rules | `[CONTENT_REDACTED]` | left out |
 * | `gone` content that the spec's schema cannot mark | rules | left out | left out |
 * | `argv`, `cmdline` | rules across words | rules across words | the first word; left out |
 * | `exe` path of an executable | rules | rules | rules, home folders as `~` |
 * | `path` path of a file | rules | rules | `[PATH_REDACTED]` and the ending |
 * | `uri` text that has to stay a URI | rules, left out when one matches | the same | left out |
 */
export type Action =
  | 'keep'
  | 'opaque'
  | 'word'
  | 'meta'
  | 'text'
  | 'content'
  | 'quote'
  | 'gone'
  | 'argv'
  | 'cmdline'
  | 'exe'
  | 'path'
  | 'uri';

export interface Fields {
  readonly fields: ReadonlyMap<string, Node>;
  /** Keys that nobody named. */
  readonly rest: Action;
}

/** A list, each element by the same node. What is no list is treated by `otherwise`. */
export interface Each {
  readonly each: Node;
  readonly otherwise: Action;
}

export type Node = Action | Fields | Each;

type Table = Readonly<Record<string, Node>>;

function fields(rest: Action, ...tables: readonly Table[]): Fields {
  return { rest, fields: new Map(tables.flatMap((table) => Object.entries(table))) };
}

function each(node: Node, otherwise: Action): Each {
  return { each: node, otherwise };
}

/** `'a b c'` as keys of one node. */
function keys(names: string, node: Node): Table {
  return Object.fromEntries(names.split(' ').map((name) => [name, node]));
}

const PROVIDER = fields('meta', keys('name region organization_id project_id', 'keep'), { endpoint: 'meta' });
const MODEL = fields('meta', keys('id name family version capabilities context_window max_output_tokens', 'keep'));
const AGENT = fields('content', keys('name type version framework session_id task_id', 'keep'));
const TOOL = fields('content', keys('name type provider server', 'keep'), { description: 'gone' });

const PART = fields('content', keys('type id name is_error mime_type modality size file_id kind server', 'keep'), {
  uri: 'quote',
});
const MESSAGE = fields(
  'content',
  keys('role content_hash content_length has_images image_count tool_call_id name', 'keep'),
  { content: 'content', parts: each(PART, 'content'), attrs: fields('content', keys('role separate', 'keep')) },
);
const TOOL_CALL = fields('content', keys('id name type arguments_hash index', 'keep'), { arguments: 'gone' });
const ERROR = fields('content', keys('type code', 'word'), { message: 'quote' });

const AI_IDS = keys(
  'request_id conversation_id provider_request_id previous_response_id streaming latency_ms time_to_first_token_ms model_id',
  'keep',
);

const DATA: Readonly<Record<string, Fields>> = {
  'ai.request': fields(
    'content',
    AI_IDS,
    keys(
      'request_type messages_count has_system_prompt system_prompt_hash tools_count has_rag_context has_images image_count estimated_tokens auth',
      'keep',
    ),
    {
      provider: PROVIDER,
      model: MODEL,
      agent: AGENT,
      messages: each(MESSAGE, 'content'),
      tools: each(fields('content', keys('name type', 'keep'), { description: 'gone' }), 'content'),
      tool_choice: 'meta',
      parameters: fields('meta', { stop: each('quote', 'quote') }),
    },
  ),
  'ai.response': fields(
    'content',
    AI_IDS,
    keys('status_code success tool_calls_count was_cached finish_reason', 'keep'),
    {
      provider: PROVIDER,
      model: MODEL,
      agent: AGENT,
      error: ERROR,
      choices: each(fields('content', keys('index finish_reason', 'keep'), { message: MESSAGE }), 'content'),
      tool_calls: each(TOOL_CALL, 'content'),
      usage: 'meta',
    },
  ),
  'ai.streaming_chunk': fields('content', AI_IDS, keys('chunk_index finish_reason', 'keep'), {
    delta: fields('content', {
      content: 'quote',
      reasoning: 'quote',
      role: 'keep',
      choice: 'keep',
      tool_calls: each(TOOL_CALL, 'content'),
    }),
  }),
  'ai.embedding': fields('content', AI_IDS, keys('input_count total_tokens dimensions', 'keep'), {
    provider: PROVIDER,
    model: MODEL,
  }),
  'agent.tool_call': fields(
    'content',
    keys(
      'call_id triggered_by arguments_hash request_id index requires_approval approved risk_level conversation_id',
      'keep',
    ),
    { tool: TOOL, agent: AGENT, arguments: 'gone', approver: 'text', risk_reasons: 'text' },
  ),
  'agent.tool_result': fields(
    'content',
    keys('call_id success result_hash result_size_bytes request_id index duration_ms conversation_id', 'keep'),
    {
      tool: TOOL,
      agent: AGENT,
      error: ERROR,
      result: 'gone',
      side_effects: each(fields('text', { type: 'keep' }), 'text'),
    },
  ),
  'agent.plan_step': fields(
    'content',
    keys('step_index step_type iteration request_id call_id conversation_id', 'keep'),
    {
      agent: AGENT,
      description: 'quote',
      planned_actions: each(
        fields('content', keys('tool status', 'keep'), { action: 'quote', rationale: 'quote' }),
        'content',
      ),
      context_files: 'text',
    },
  ),
  'agent.rag_retrieve': fields(
    'content',
    keys('query_hash results_count latency_ms tokens_retrieved request_id call_id conversation_id', 'keep'),
    {
      agent: AGENT,
      source: fields('text', keys('type name provider', 'keep')),
      query: 'quote',
      results: each(
        fields('content', keys('score content_hash', 'keep'), {
          source: 'text',
          content_preview: 'gone',
          metadata: 'gone',
        }),
        'content',
      ),
    },
  ),
  'agent.session': fields('content', keys('action session_id duration_ms stats', 'keep'), {
    agent: AGENT,
    task_description: 'quote',
  }),
};

const HASHES = keys('hash binary_hash code_signature content_hash', 'keep');
const FILE = fields(
  'text',
  HASHES,
  keys('path name symlink_target', 'path'),
  keys('extension size inode mode mtime ctime', 'keep'),
);
const ENDPOINT = fields('meta', keys('ip port domain is_private', 'keep'));

const EXEC = fields('text', HASHES, keys('is_shell is_script is_interactive', 'keep'), {
  exe: 'exe',
  args: 'argv',
  cwd: 'text',
  interpreter: 'exe',
  signal_name: 'keep',
  termination_type: 'keep',
});
const FILES = fields('text', HASHES, keys('path old_path new_path', 'path'), {
  flags: 'keep',
  file: FILE,
  content_preview: 'gone',
});
const NETWORK = fields(
  'text',
  keys('protocol direction start_time end_time query_name query_type response_code success', 'keep'),
  {
    dest: ENDPOINT,
    src: ENDPOINT,
    tls: 'meta',
    answers: 'meta',
    resolver: 'meta',
    http: fields('text', keys('method status_code host content_type content_length', 'keep')),
  },
);
/** Types of other collectors below these names hold metadata; all other unknown types may hold content. */
const FAMILIES: readonly (readonly [string, Fields])[] = [
  ['process.', EXEC],
  ['file.', FILES],
  ['network.', NETWORK],
];
const UNKNOWN = fields(
  'content',
  keys('request_id conversation_id call_id session_id index success duration_ms latency_ms', 'keep'),
  { provider: PROVIDER, model: MODEL, agent: AGENT, tool: TOOL, error: ERROR },
);

/** The shape of `data` by event type. */
export function dataShape(eventType: string): Fields {
  const known = Object.hasOwn(DATA, eventType) ? DATA[eventType] : undefined;
  return known ?? FAMILIES.find(([prefix]) => eventType.startsWith(prefix))?.[1] ?? UNKNOWN;
}

const PROCESS_NAMES = keys('pid ppid pgid sid thread_id start_time bundle_id container_id cgroup capabilities', 'keep');
const PARENT = fields('text', PROCESS_NAMES, { exe: 'exe', name: 'meta', cmdline: 'cmdline' });

/** Everything around `data` and `confidence`. */
export const ENVELOPE: Fields = fields(
  'text',
  keys('oisp_version event_id event_type ts ts_mono related_events trace_context', 'keep'),
  keys('data confidence', 'opaque'),
  {
    source: fields('meta', keys('collector collector_version capture_method capture_point sensor_host clock', 'keep')),
    host: fields(
      'meta',
      keys('hostname device_id os os_version arch kernel_version boot_id managed cloud container', 'keep'),
      {
        k8s: fields('meta', { labels: 'text' }),
        tags: 'text',
      },
    ),
    actor: fields('text', keys('uid gid session_id terminal auth_method is_elevated is_human', 'keep'), {
      identity: fields('text', { provider: 'keep', email: 'uri' }),
      service_account: fields('text', { type: 'keep' }),
    }),
    process: fields('text', PROCESS_NAMES, HASHES, {
      exe: 'exe',
      name: 'meta',
      cmdline: 'cmdline',
      cmdline_args: 'argv',
      parent: PARENT,
      ancestors: each(PARENT, 'text'),
    }),
    app: 'meta',
    web_context: fields('text', keys('web_app_id web_app_name web_app_type', 'keep'), {
      origin: 'uri',
      referer: 'uri',
      user_agent: 'text',
    }),
    attrs: fields(
      'text',
      {
        'oisp.match': 'opaque',
        'mcp.progress.message': 'quote',
        'mcp.resource.uri': 'quote',
        'error.type': 'word',
      },
      // who spoke to whom: flow metadata, and what trees are built by
      keys(
        'gen_ai.operation.name gen_ai.provider.name gen_ai.response.finish_reasons oisp.provider.name server.address ' +
          'http.request.method user_agent.original oisp.client.package oisp.session.id oisp.agent.id oisp.conn oisp.cost.source ' +
          'oisp.account.id oisp.agent.kind oisp.thread.id oisp.thread.parent_id oisp.turn.id oisp.client.originator ' +
          'oisp.client.app oisp.client.name oisp.client.integration oisp.client.editor oisp.client.editor_plugin ' +
          'oisp.client.language oisp.client.sdk process.runtime.name process.runtime.version oisp.request.api_version ' +
          'oisp.request.beta oisp.request.client_id oisp.provider.request_id aws.request_id oisp.provider.cf_ray ' +
          'oisp.azure.resource oisp.azure.deployment oisp.aws.service azure.resource_provider.namespace ' +
          'traceparent mcp.method.name mcp.request.id mcp.server.name mcp.child.start_time ' +
          'mcp.transport mcp.session.id mcp.protocol.version mcp.client.name mcp.client.version jsonrpc.request.id ' +
          'gen_ai.tool.name network.transport network.protocol.name',
        'meta',
      ),
    ),
  },
);
