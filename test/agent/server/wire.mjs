// Puts a scripted answer into the wire form of a model API. Written from the providers' API references; shares nothing with the decoder.
// An answer: {text?, thinking?, calls?: [{name, args}], usage: {input, output, cached?, reasoning?}}.
// Each function returns {id, calls: [{id, …}], body} for a whole answer and {id, calls, events: [text]} for a streamed one.

/** Seeded random ids: the same run gives the same ids. */
export class Ids {
  #state;
  constructor(seed) {
    this.#state = seed >>> 0;
  }
  #next() {
    // xorshift32
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 0;
  }
  make(prefix, length, alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789') {
    let id = prefix;
    for (let i = 0; i < length; i++) id += alphabet[this.#next() % alphabet.length];
    return id;
  }
  hex(prefix, length) {
    return this.make(prefix, length, '0123456789abcdef');
  }
}

/** Cuts a text into pieces of a few characters, as models stream them. */
function pieces(text, size) {
  const list = [];
  for (let i = 0; i < text.length; i += size) list.push(text.slice(i, i + size));
  return list;
}
const now = () => Math.floor(Date.now() / 1000);

// ---------------------------------------------------------------- OpenAI Chat Completions
const chatUsage = (u) => ({
  prompt_tokens: u.input,
  completion_tokens: u.output,
  total_tokens: u.input + u.output,
  prompt_tokens_details: { cached_tokens: u.cached ?? 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: u.reasoning ?? 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

export function chat(ids, request, answer) {
  const id = ids.make('chatcmpl-', 29);
  const model = `${request.model}-2026-08-14`;
  const calls = (answer.calls ?? []).map((c) => ({
    id: ids.make('call_', 24),
    type: 'function',
    function: { name: c.name, arguments: JSON.stringify(c.args) },
  }));
  const finish = calls.length > 0 ? 'tool_calls' : 'stop';
  const common = { id, created: now(), model, service_tier: 'default', system_fingerprint: ids.hex('fp_', 10) };
  if (!request.stream) {
    const message = {
      role: 'assistant',
      content: answer.text ?? null,
      refusal: null,
      annotations: [],
      ...(calls.length > 0 && { tool_calls: calls }),
    };
    const body = {
      ...common,
      object: 'chat.completion',
      choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
      usage: chatUsage(answer.usage),
    };
    return { id, calls, body };
  }
  const chunk = (delta, finish_reason = null) => ({
    ...common,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(request.stream_options?.include_usage && { usage: null }),
  });
  const list = [chunk({ role: 'assistant', content: answer.text === undefined ? null : '', refusal: null })];
  for (const content of pieces(answer.text ?? '', 9)) list.push(chunk({ content }));
  calls.forEach((c, index) => {
    list.push(
      chunk({
        tool_calls: [{ index, id: c.id, type: 'function', function: { name: c.function.name, arguments: '' } }],
      }),
    );
    for (const part of pieces(c.function.arguments, 11))
      list.push(chunk({ tool_calls: [{ index, function: { arguments: part } }] }));
  });
  list.push(chunk({}, finish));
  if (request.stream_options?.include_usage) list.push({ ...chunk({}), choices: [], usage: chatUsage(answer.usage) });
  return { id, calls, events: [...list.map((c) => `data: ${JSON.stringify(c)}\n\n`), 'data: [DONE]\n\n'] };
}

// ---------------------------------------------------------------- OpenAI Responses
export function responses(ids, request, answer) {
  const id = ids.hex('resp_', 48);
  const calls = (answer.calls ?? []).map((c) => ({
    id: ids.hex('fc_', 48),
    type: 'function_call',
    status: 'completed',
    arguments: JSON.stringify(c.args),
    call_id: ids.make('call_', 24),
    name: c.name,
  }));
  const message = answer.text !== undefined && {
    id: ids.hex('msg_', 48),
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', annotations: [], logprobs: [], text: answer.text }],
  };
  const reasoning = answer.usage.reasoning !== undefined && { id: ids.hex('rs_', 48), type: 'reasoning', summary: [] };
  const output = [...(reasoning ? [reasoning] : []), ...(message ? [message] : []), ...calls];
  const shell = (status, more) => ({
    id,
    object: 'response',
    created_at: now(),
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: null,
    model: `${request.model}-2026-08-14`,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: 'low', summary: null },
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: request.tools ?? [],
    top_p: 1,
    truncation: 'disabled',
    usage: null,
    metadata: {},
    ...more,
  });
  const u = answer.usage;
  const done = shell('completed', {
    output,
    usage: {
      input_tokens: u.input,
      input_tokens_details: { cached_tokens: u.cached ?? 0 },
      output_tokens: u.output,
      output_tokens_details: { reasoning_tokens: u.reasoning ?? 0 },
      total_tokens: u.input + u.output,
    },
  });
  const callIds = calls.map((c) => ({ id: c.call_id, name: c.name }));
  if (!request.stream) return { id, calls: callIds, body: done };
  const events = [];
  const say = (type, data) => {
    events.push(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: events.length, ...data })}\n\n`);
  };
  say('response.created', { response: shell('in_progress') });
  say('response.in_progress', { response: shell('in_progress') });
  output.forEach((item, output_index) => {
    const at = { item_id: item.id, output_index };
    if (item.type === 'message') {
      say('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } });
      const part = { type: 'output_text', annotations: [], logprobs: [], text: '' };
      say('response.content_part.added', { ...at, content_index: 0, part });
      const { text } = item.content[0];
      for (const delta of pieces(text, 10))
        say('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] });
      say('response.output_text.done', { ...at, content_index: 0, text, logprobs: [] });
      say('response.content_part.done', { ...at, content_index: 0, part: { ...part, text } });
    } else if (item.type === 'function_call') {
      say('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', arguments: '' } });
      for (const delta of pieces(item.arguments, 12)) say('response.function_call_arguments.delta', { ...at, delta });
      say('response.function_call_arguments.done', { ...at, arguments: item.arguments });
    } else say('response.output_item.added', { output_index, item });
    say('response.output_item.done', { output_index, item });
  });
  say('response.completed', { response: done });
  return { id, calls: callIds, events };
}

// ---------------------------------------------------------------- Anthropic Messages
export function messages(ids, request, answer) {
  const id = ids.make('msg_01', 22);
  const content = [];
  if (answer.thinking) content.push({ type: 'thinking', thinking: answer.thinking, signature: ids.make('Er', 94) });
  if (answer.text !== undefined) content.push({ type: 'text', text: answer.text });
  for (const c of answer.calls ?? [])
    content.push({ type: 'tool_use', id: ids.make('toolu_01', 22), name: c.name, input: c.args });
  const calls = content.filter((b) => b.type === 'tool_use');
  const stop_reason = calls.length > 0 ? 'tool_use' : 'end_turn';
  const u = answer.usage;
  const usage = {
    input_tokens: u.input - (u.cached ?? 0) - (u.written ?? 0),
    cache_creation_input_tokens: u.written ?? 0,
    cache_read_input_tokens: u.cached ?? 0,
    output_tokens: u.output,
    service_tier: 'standard',
  };
  const common = { id, type: 'message', role: 'assistant', model: request.model };
  if (!request.stream) return { id, calls, body: { ...common, content, stop_reason, stop_sequence: null, usage } };
  const events = [];
  const say = (type, data) => events.push(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  say('message_start', {
    message: { ...common, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } },
  });
  content.forEach((block, index) => {
    const delta = (d) => say('content_block_delta', { index, delta: d });
    if (block.type === 'thinking') {
      say('content_block_start', { index, content_block: { type: 'thinking', thinking: '', signature: '' } });
      for (const thinking of pieces(block.thinking, 14)) delta({ type: 'thinking_delta', thinking });
      delta({ type: 'signature_delta', signature: block.signature });
    } else if (block.type === 'text') {
      say('content_block_start', { index, content_block: { type: 'text', text: '' } });
      for (const text of pieces(block.text, 12)) delta({ type: 'text_delta', text });
    } else {
      say('content_block_start', { index, content_block: { ...block, input: {} } });
      delta({ type: 'input_json_delta', partial_json: '' });
      for (const partial_json of pieces(JSON.stringify(block.input), 13))
        delta({ type: 'input_json_delta', partial_json });
    }
    say('content_block_stop', { index });
    if (index === 0) say('ping', {});
  });
  say('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: u.output } });
  say('message_stop', {});
  return { id, calls, events };
}
