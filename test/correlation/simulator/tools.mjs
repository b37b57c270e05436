// The tools of the simulator that runs, and the words that its language lacks for the stories here.
import { pathToFileURL } from 'node:url';

const folder = new URL('simulator/', pathToFileURL(process.argv[1]));
export const {
  bash,
  read,
  write,
  edit,
  grep,
  glob,
  webFetch,
  runTests,
  slow,
  mcp,
  mcpHttp,
  task,
  agentProgram,
  Agent,
  Conversation,
  Turn,
} = await import(new URL('tools.mjs', folder).href);
const { PROVIDERS } = await import(new URL('wire.mjs', folder).href);

const MS = 1e6;

/** A model call beside the conversation with any prompt. o: system, prompt | messages, tools, model, maxTokens, at, turn, answer, provider */
export function aside(agent, kind, o) {
  const conv = { id: `${agent.id}/side${agent.sides.length}`, family: null, headers: {} };
  const { provider, wire } = agent;
  if (o.provider) Object.assign(agent, { provider: o.provider, wire: PROVIDERS[o.provider] });
  const r = agent.request(conv, {
    at: (o.at ?? agent.now) + agent.s.ms(3, 9),
    turn: o.turn?.truth ?? null,
    side: kind,
    system: o.system ?? null,
    messages: o.messages ?? [{ role: 'user', parts: [{ text: o.prompt }] }],
    tools: o.tools ?? [],
    model: o.model ?? (o.provider ? PROVIDERS[o.provider].models[1] : agent.small),
    maxTokens: o.maxTokens ?? 1024,
    parts: o.parts ?? [{ text: o.answer ?? agent.s.text(8) }],
    stream: o.stream,
  });
  Object.assign(agent, { provider, wire });
  r.call.conversation = null;
  agent.sides.push(r.call);
  return r;
}

/** What the agent asks of its provider that is no answer of a model: token counts and the like. */
export function beside(agent, path, body, answer) {
  const at = agent.now;
  agent.w.exchange({
    p: agent.proc,
    agent: agent.id,
    under: agent.outer?.key,
    at,
    host: agent.wire.host,
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', 'user-agent': 'agent/1.0' },
    body: Buffer.from(JSON.stringify(body)),
    status: 200,
    responseHeaders: { 'content-type': 'application/json' },
    chunks: [Buffer.from(JSON.stringify(answer))],
    times: [at + 40 * MS],
    streamed: false,
  });
  agent.now += 42 * MS;
}

/** A call of the turn whose request goes out a second time right after the first; the second answer is cut short (abort), or thrown away. */
export function hedged(t, o, { abort = true } = {}) {
  const { agent, conv } = t,
    messages = [...conv.rendered()];
  t.call(o);
  const at = t.calls.at(-1).t[0] + t.s.ms(1, 3);
  const { call } = agent.request(conv, {
    at,
    turn: t.truth,
    messages,
    system: conv.system,
    tools: agent.tools,
    parts: [{ text: t.s.text(30) }],
    abort,
  });
  t.truth.calls.push(call.id);
  t.calls.push(call);
  t.now = Math.max(t.now, call.t[1] + 5 * MS);
}

/** Answers told by `tell` end for this reason. */
export function stopping(agent, stop, tell) {
  const { wire } = agent;
  agent.wire = { ...wire, answer: (a, stream) => wire.answer({ ...a, stop }, stream) };
  tell();
  agent.wire = wire;
}

/** The answers told by `tell` never begin: the client hangs up when the head is there. */
export function silent(agent, tell) {
  const { w } = agent,
    { exchange } = w;
  w.exchange = (x) => exchange.call(w, { ...x, abort: true, chunks: [], times: [x.times[0]] });
  const n = w.truth.length;
  tell();
  w.exchange = exchange;
  for (const x of w.truth.slice(n))
    if (x.kind === 'call' && x.status === 'aborted') Object.assign(x, { input_tokens: null, response_id: null });
}

/** The results that wait are never sent: a summary takes their place. */
export function dropResults(conv) {
  for (const tool of conv.waiting) tool.unanswered = true;
  conv.waiting = [];
}

/** A sub-agent of the same process. box keeps its conversation for the next call. o: says (what it is really told), input, system, headers, delay, background */
export const subAgent = (box, prompt, tell, o = {}) => ({
  name: 'Task',
  input: o.input ?? { description: 'A part of the work', prompt, subagent_type: 'general' },
  run(x) {
    const { agent } = x;
    box.conv ??= new Conversation(agent, {
      system: o.system ?? `You are a sub-agent. Do the task and report.\nWorking directory: ${agent.cwd}`,
      headers: agent.headers && o.headers !== false ? { 'x-claude-code-agent-id': `agent-${x.s.hex(8)}` } : {},
    });
    const t = agent.turn(o.says ?? prompt, tell, {
      conv: box.conv,
      parent: x.tool,
      at: x.now + (o.delay ?? 0) * MS,
      reminder: o.reminder,
    });
    if (o.background) {
      x.wait(4);
      box.end = t.now;
    } else x.now = t.now;
    x.opaque = true;
    x.says(o.background ? 'The agent was started in the background.' : x.s.text(25));
  },
});

/** The program ends (or is killed) and is started again; it goes on with what it has on disk. */
export function restart(agent, signal) {
  agent.now += agent.s.ms(5, 30);
  agent.w.exit(agent.proc, agent.now, signal ? 137 : 0, signal);
  agent.wait(4000);
  agent.proc = agent.start(agent.proc.host);
  agent.now += agent.s.ms(60, 200);
}

/** The last two messages are sent as one. */
export function joinLast(conv) {
  const [a, b] = conv.messages.splice(-2, 2);
  conv.messages.push({ role: a.role, parts: [...a.parts, ...b.parts] });
}

/** Another provider and its models from now on. */
export function speak(agent, provider) {
  Object.assign(agent, { provider, wire: PROVIDERS[provider] });
  [agent.model, agent.small] = agent.wire.models;
}
