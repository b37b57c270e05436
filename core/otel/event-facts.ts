/** Where a fact of an event goes: path in `data`, attribute, type. `count` is the length of a list. */
export type Fact = readonly [
  path: string,
  key: string,
  type: 'string' | 'strings' | 'int' | 'double' | 'bool' | 'count',
];

const FILE: readonly Fact[] = [
  ['path', 'file.path', 'string'],
  ['file.size', 'file.size', 'int'],
  ['content_hash', 'oisp.file.content_hash', 'string'],
  ['bytes_read', 'oisp.file.bytes_read', 'int'],
  ['bytes_written', 'oisp.file.bytes_written', 'int'],
  ['created', 'oisp.file.created', 'bool'],
  ['truncated', 'oisp.file.truncated', 'bool'],
];

const AI: readonly Fact[] = [
  ['request_id', 'oisp.request_id', 'string'],
  ['conversation_id', 'gen_ai.conversation.id', 'string'],
];

const TOOL: readonly Fact[] = [
  ['tool.name', 'gen_ai.tool.name', 'string'],
  ['tool.type', 'oisp.tool.type', 'string'],
  ['tool.server', 'oisp.tool.server', 'string'],
  ['call_id', 'gen_ai.tool.call.id', 'string'],
  ['request_id', 'oisp.request_id', 'string'],
];

const LOCAL: readonly Fact[] = [
  ['src.ip', 'network.local.address', 'string'],
  ['src.port', 'network.local.port', 'int'],
  ['protocol', 'network.transport', 'string'],
];

const PEER: readonly Fact[] = [
  ['dest.ip', 'network.peer.address', 'string'],
  ['dest.port', 'network.peer.port', 'int'],
  ['dest.port', 'server.port', 'int'],
  ...LOCAL,
];

const CAPTURE: readonly Fact[] = [['conn', 'oisp.conn', 'string']];

/**
 * Facts by event type, with the names that spans have for them. Nothing here is a message, an argument, a result, a plan's text, a query or a
 * command line.
 */
export const FACTS: Readonly<Record<string, readonly Fact[]>> = {
  'ai.request': [
    ...AI,
    ['model.id', 'gen_ai.request.model', 'string'],
    ['streaming', 'gen_ai.request.stream', 'bool'],
    ['parameters.temperature', 'gen_ai.request.temperature', 'double'],
    ['parameters.top_p', 'gen_ai.request.top_p', 'double'],
    ['parameters.top_k', 'gen_ai.request.top_k', 'double'],
    ['parameters.max_tokens', 'gen_ai.request.max_tokens', 'int'],
    ['messages_count', 'oisp.request.messages.count', 'int'],
    ['tools_count', 'oisp.request.tools.count', 'int'],
    ['image_count', 'oisp.request.images.count', 'int'],
    ['system_prompt_hash', 'oisp.request.system_prompt_hash', 'string'],
    ['previous_response_id', 'oisp.request.previous_response_id', 'string'],
    ['auth.type', 'oisp.auth.type', 'string'],
    ['auth.account_type', 'oisp.auth.account_type', 'string'],
  ],
  'ai.response': [
    ...AI,
    ['model.id', 'gen_ai.response.model', 'string'],
    ['provider_request_id', 'gen_ai.response.id', 'string'],
    ['status_code', 'http.response.status_code', 'int'],
    ['usage.prompt_tokens', 'gen_ai.usage.input_tokens', 'int'],
    ['usage.completion_tokens', 'gen_ai.usage.output_tokens', 'int'],
    ['usage.cached_tokens', 'gen_ai.usage.cache_read.input_tokens', 'int'],
    ['usage.cache_creation_tokens', 'gen_ai.usage.cache_creation.input_tokens', 'int'],
    ['usage.reasoning_tokens', 'gen_ai.usage.reasoning.output_tokens', 'int'],
    ['usage.total_cost_usd', 'oisp.cost.total_usd', 'double'],
    ['latency_ms', 'oisp.response.latency_ms', 'int'],
  ],
  'ai.streaming_chunk': [...AI, ['chunk_index', 'oisp.chunk.index', 'int']],
  'ai.embedding': [
    ...AI,
    ['model.id', 'gen_ai.request.model', 'string'],
    ['total_tokens', 'gen_ai.usage.input_tokens', 'int'],
    ['dimensions', 'gen_ai.embeddings.dimension.count', 'int'],
    ['input_count', 'oisp.embedding.input.count', 'int'],
  ],
  'agent.tool_call': [...TOOL, ['arguments_hash', 'oisp.tool.arguments_hash', 'string']],
  'agent.tool_result': [
    ...TOOL,
    ['result_hash', 'oisp.tool.result_hash', 'string'],
    ['result_size_bytes', 'oisp.tool.result_size', 'int'],
  ],
  'agent.plan_step': [
    ['step_index', 'oisp.plan.step.index', 'int'],
    ['step_type', 'oisp.plan.step.type', 'string'],
    ['planned_actions', 'oisp.plan.actions.count', 'count'],
    ['call_id', 'gen_ai.tool.call.id', 'string'],
    ['request_id', 'oisp.request_id', 'string'],
  ],
  'agent.rag_retrieve': [
    ['source.name', 'gen_ai.data_source.id', 'string'],
    ['source.type', 'oisp.retrieval.source', 'string'],
    ['results_count', 'oisp.retrieval.count', 'int'],
    ['request_id', 'oisp.request_id', 'string'],
  ],
  'agent.session': [
    ['action', 'oisp.session.action', 'string'],
    ['session_id', 'session.id', 'string'],
    ['agent.name', 'gen_ai.agent.name', 'string'],
    ['agent.version', 'gen_ai.agent.version', 'string'],
    ['duration_ms', 'oisp.session.duration_ms', 'int'],
    ['stats.turns', 'oisp.session.turns', 'int'],
    ['stats.llm_calls', 'oisp.session.llm_calls', 'int'],
    ['stats.tool_calls', 'oisp.session.tool_calls', 'int'],
    ['stats.files_read', 'oisp.session.files_read', 'int'],
    ['stats.files_written', 'oisp.session.files_written', 'int'],
    ['stats.input_tokens', 'gen_ai.usage.input_tokens', 'int'],
    ['stats.output_tokens', 'gen_ai.usage.output_tokens', 'int'],
    ['stats.estimated_cost_usd', 'oisp.cost.total_usd', 'double'],
  ],
  'process.exec': [
    ['exe', 'process.executable.path', 'string'],
    ['interpreter', 'oisp.process.interpreter', 'string'],
    ['is_shell', 'oisp.process.is_shell', 'bool'],
  ],
  'process.exit': [
    ['exit_code', 'process.exit.code', 'int'],
    ['signal_name', 'oisp.process.signal', 'string'],
    ['runtime_ms', 'oisp.process.runtime_ms', 'int'],
    ['cpu_user_ms', 'oisp.process.cpu_user_ms', 'int'],
    ['cpu_system_ms', 'oisp.process.cpu_system_ms', 'int'],
    ['max_rss_kb', 'oisp.process.max_rss_kb', 'int'],
  ],
  'process.fork': [
    ['child_pid', 'oisp.process.child_pid', 'int'],
    ['is_thread', 'oisp.process.is_thread', 'bool'],
  ],
  'file.open': [...FILE, ['flags', 'oisp.file.flags', 'strings']],
  'file.read': FILE,
  'file.write': FILE,
  'file.close': FILE,
  'file.delete': FILE,
  'file.rename': [
    ['new_path', 'file.path', 'string'],
    ['old_path', 'oisp.file.old_path', 'string'],
    ['overwrote', 'oisp.file.overwrote', 'bool'],
  ],
  'network.connect': [...PEER, ['latency_ms', 'oisp.network.latency_ms', 'int']],
  'network.accept': [
    ['src.ip', 'client.address', 'string'],
    ['src.port', 'client.port', 'int'],
    ['src.ip', 'network.peer.address', 'string'],
    ['src.port', 'network.peer.port', 'int'],
    ['dest.ip', 'network.local.address', 'string'],
    ['dest.port', 'network.local.port', 'int'],
    ['protocol', 'network.transport', 'string'],
  ],
  'network.flow': [
    ...PEER,
    ['direction', 'oisp.network.direction', 'string'],
    ['bytes_sent', 'oisp.network.bytes_sent', 'int'],
    ['bytes_received', 'oisp.network.bytes_received', 'int'],
    ['duration_ms', 'oisp.network.duration_ms', 'int'],
  ],
  'network.dns': [
    ['query_name', 'dns.question.name', 'string'],
    ['query_type', 'oisp.dns.type', 'string'],
    ['response_code', 'oisp.dns.rcode', 'string'],
    ['latency_ms', 'oisp.network.latency_ms', 'int'],
  ],
  'capture.open': [...CAPTURE, ['protocol', 'oisp.capture.protocol', 'string']],
  'capture.data': [...CAPTURE, ['dir', 'oisp.capture.direction', 'string'], ['cut', 'oisp.lost.bytes', 'int']],
  'capture.close': [...CAPTURE, ['reason', 'oisp.capture.close_reason', 'string']],
  'capture.lost': [
    ...CAPTURE,
    ['records', 'oisp.lost.records', 'int'],
    ['bytes', 'oisp.lost.bytes', 'int'],
    ['reason', 'oisp.lost.reason', 'string'],
  ],
};

/** Facts in `attrs` that spans have too. */
export const ATTRS: readonly (readonly [name: string, key: string])[] = [
  ['oisp.session.id', 'session.id'],
  ['gen_ai.conversation.id', 'gen_ai.conversation.id'],
  ['oisp.session.end_reason', 'oisp.session.end_reason'],
  ['server.address', 'server.address'],
  ['http.request.method', 'http.request.method'],
  ['user_agent.original', 'user_agent.original'],
  ['mcp.method.name', 'mcp.method.name'],
  ['mcp.session.id', 'mcp.session.id'],
  ['mcp.protocol.version', 'mcp.protocol.version'],
  ['mcp.server.name', 'oisp.mcp.server.name'],
];
