// What the server answers, in the form of each API: an answer has { id, model } and { body }, { events: [[name, data]] } or { array }.
// Every answer has a number of its own in its text and in the arguments of its tool calls, so that it can be told from all others.

/** What a request asks for, whatever API it speaks. `shape` names the API, `isStreamed` and `scenario` are as the client wants it. */
export function readRequest(method, path, body) {
  const { pathname, searchParams } = new URL(path, 'https://localhost');
  const said = JSON.stringify(body.messages ?? body.input ?? body.contents ?? []);
  const gemini = /\/models\/([^/:]+):(stream)?generateContent$/i.exec(pathname);
  const shape = gemini
    ? 'gemini'
    : ['chat/completions', 'responses', 'messages'].find((end) => pathname.endsWith(`/${end}`));
  if (method !== 'POST' || shape === undefined) return undefined;
  const [, scenario, ordinal] = /<(\w+) (\d+)>/.exec(said) ?? [];
  return {
    shape,
    scenario,
    ordinal: Number(ordinal ?? 0),
    model: gemini ? gemini[1] : body.model,
    isStreamed: gemini ? gemini[2] !== undefined : body.stream === true,
    isSse: !gemini || searchParams.get('alt') === 'sse',
    hasUsage: body.stream_options?.include_usage === true,
    wantsTools:
      scenario === 'tools' && !/"(?:role":"tool"|function_call_output|tool_result|functionResponse)/.test(said),
  };
}

const usageOf = (n) => ({ input: 200 + n, output: 30 + (n % 7), cached: 64, written: 16, reasoning: 10 });
/** As long as answers are that span several TLS records. */
const textOf = (n) => `Answer ${n}: ${'Grüße aus Paris, 14 °C und Regen. '.repeat(1 + (n % 5) * 40)}☂`;
const callsOf = (n) => [
  { id: `${n}a`, name: 'get_weather', arguments: { city: `Paris ${n}`, units: 'metric' } },
  { id: `${n}b`, name: 'get_time', arguments: { zone: `Europe/Paris "${n}" ☂` } },
];
const pieces = (text, size) => text.match(new RegExp(`.{1,${size}}`, 'gsu')) ?? [];

/** The answer with number `n` to what `readRequest` found. */
export function answerOf(n, asked) {
  const { prefix, version, make } = SHAPES[asked.shape];
  const named = { id: `${prefix}${n}`, model: `${asked.model}${version}` };
  const content = asked.wantsTools ? { calls: callsOf(n), text: '' } : { calls: [], text: textOf(n) };
  return { ...named, ...make({ ...asked, ...named, ...content, n, usage: usageOf(n) }) };
}

function chat({ id: whose, model, isStreamed, hasUsage, usage: u, calls, text }) {
  const head = { id: whose, created: 1_790_000_000, model, service_tier: 'default' };
  const usage = {
    prompt_tokens: u.input,
    completion_tokens: u.output,
    total_tokens: u.input + u.output,
    prompt_tokens_details: { cached_tokens: u.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: u.reasoning, audio_tokens: 0 },
  };
  const finish = calls.length > 0 ? 'tool_calls' : 'stop';
  const wire = calls.map(({ id, name, arguments: a }) => ({
    id: `call_${id}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(a) },
  }));
  if (!isStreamed) {
    const message = {
      role: 'assistant',
      content: text || null,
      refusal: null,
      ...(wire.length > 0 && { tool_calls: wire }),
    };
    return {
      body: { ...head, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: finish }], usage },
    };
  }
  const chunk = (choices, more) => [
    undefined,
    { ...head, object: 'chat.completion.chunk', choices, ...(hasUsage && { usage: null }), ...more },
  ];
  const delta = (d, finish_reason = null) => chunk([{ index: 0, delta: d, finish_reason }]);
  const events = [delta({ role: 'assistant', content: calls.length > 0 ? null : '' })];
  for (const part of pieces(text, 11)) events.push(delta({ content: part }));
  wire.forEach((call, index) => {
    events.push(delta({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] }));
    for (const part of pieces(call.function.arguments, 9))
      events.push(delta({ tool_calls: [{ index, function: { arguments: part } }] }));
  });
  events.push(delta({}, finish));
  if (hasUsage) events.push(chunk([], { usage }));
  return { events: [...events, [undefined, '[DONE]']] };
}

function responses({ id: whose, n, model, isStreamed, usage: u, calls, text }) {
  const usage = {
    input_tokens: u.input,
    input_tokens_details: { cached_tokens: u.cached },
    output_tokens: u.output,
    output_tokens_details: { reasoning_tokens: u.reasoning },
    total_tokens: u.input + u.output,
  };
  const items = calls.map(({ id, name, arguments: a }) => ({
    id: `fc_${id}`,
    type: 'function_call',
    status: 'completed',
    arguments: JSON.stringify(a),
    call_id: `call_${id}`,
    name,
  }));
  if (text)
    items.push({
      id: `msg_${n}`,
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', annotations: [], logprobs: [], text }],
    });
  const base = {
    id: whose,
    object: 'response',
    created_at: 1_790_000_000,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    user: null,
    metadata: {},
  };
  const whole = { ...base, status: 'completed', output: items, usage };
  if (!isStreamed) return { body: whole };
  const events = [];
  const push = (type, data) => events.push([type, { type, sequence_number: events.length, ...data }]);
  push('response.created', { response: { ...base, status: 'in_progress', output: [], usage: null } });
  push('response.in_progress', { response: { ...base, status: 'in_progress', output: [], usage: null } });
  items.forEach((item, output_index) => {
    const at = { output_index, item_id: item.id };
    if (item.type === 'function_call') {
      push('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', arguments: '' } });
      for (const delta of pieces(item.arguments, 9)) push('response.function_call_arguments.delta', { ...at, delta });
      push('response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments });
    } else {
      const [part] = item.content;
      push('response.output_item.added', { output_index, item: { ...item, status: 'in_progress', content: [] } });
      push('response.content_part.added', { ...at, content_index: 0, part: { ...part, text: '' } });
      for (const delta of pieces(text, 11))
        push('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] });
      push('response.output_text.done', { ...at, content_index: 0, text, logprobs: [] });
      push('response.content_part.done', { ...at, content_index: 0, part });
    }
    push('response.output_item.done', { output_index, item });
  });
  push('response.completed', { response: whole });
  return { events };
}

function messages({ id: whose, model, isStreamed, usage: u, calls, text }) {
  const input = { input_tokens: u.input, cache_creation_input_tokens: u.written, cache_read_input_tokens: u.cached };
  const blocks = calls.map(({ id, name, arguments: a }) => ({ type: 'tool_use', id: `toolu_${id}`, name, input: a }));
  if (text) blocks.push({ type: 'text', text });
  const base = { id: whose, type: 'message', role: 'assistant', model };
  const stop = { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null };
  if (!isStreamed)
    return {
      body: {
        ...base,
        content: blocks,
        ...stop,
        usage: { ...input, output_tokens: u.output, service_tier: 'standard' },
      },
    };
  const events = [];
  const push = (type, data) => events.push([type, { type, ...data }]);
  push('message_start', {
    message: { ...base, content: [], stop_reason: null, stop_sequence: null, usage: { ...input, output_tokens: 1 } },
  });
  blocks.forEach((block, index) => {
    const isText = block.type === 'text';
    push('content_block_start', {
      index,
      content_block: isText ? { type: 'text', text: '' } : { ...block, input: {} },
    });
    if (index === 0) push('ping', {});
    for (const part of pieces(isText ? text : JSON.stringify(block.input), 11))
      push('content_block_delta', {
        index,
        delta: isText ? { type: 'text_delta', text: part } : { type: 'input_json_delta', partial_json: part },
      });
    push('content_block_stop', { index });
  });
  push('message_delta', { delta: stop, usage: { output_tokens: u.output } });
  push('message_stop', {});
  return { events };
}

function gemini({ id: responseId, model: modelVersion, isStreamed, isSse, usage: u, calls, text }) {
  const usageMetadata = {
    promptTokenCount: u.input,
    cachedContentTokenCount: u.cached,
    candidatesTokenCount: u.output,
    thoughtsTokenCount: u.reasoning,
    totalTokenCount: u.input + u.output + u.reasoning,
  };
  const base = { modelVersion, responseId };
  const candidate = (parts, finishReason) => [
    { content: { role: 'model', parts }, index: 0, ...(finishReason && { finishReason }) },
  ];
  const parts = calls.map(({ name, arguments: args }) => ({ functionCall: { name, args } }));
  if (!isStreamed)
    return { body: { candidates: candidate(text ? [{ text }] : parts, 'STOP'), usageMetadata, ...base } };
  const all = text ? pieces(text, 40).map((piece) => [{ text: piece }]) : parts.map((part) => [part]);
  const { candidatesTokenCount: _, ...early } = usageMetadata;
  const events = all.map((one, i) => {
    const isLast = i === all.length - 1;
    return [
      undefined,
      { candidates: candidate(one, isLast && 'STOP'), usageMetadata: isLast ? usageMetadata : early, ...base },
    ];
  });
  return isSse ? { events } : { array: events.map(([, data]) => data) };
}

const SHAPES = {
  'chat/completions': { prefix: 'chatcmpl-', version: '-2026-08-07', make: chat },
  responses: { prefix: 'resp_', version: '-2026-08-07', make: responses },
  messages: { prefix: 'msg_', version: '-20260801', make: messages },
  gemini: { prefix: 'gem-', version: '-001', make: gemini },
};
