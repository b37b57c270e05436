// A small but real agent: four user turns over three model APIs with the vendors' own packages, tools in parallel, a helper agent, an MCP server.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { McpClient } from './mcp.mjs';
import { definitions, runTool } from './tools.mjs';
import { notingFetch, saveTruth, truth } from './truth.mjs';

const SYSTEM =
  'You are Harbor, a careful coding agent. Work in the current folder. Use tools when they help; answer in few words.';
const MODELS = { anthropic: 'claude-opus-4-8', small: 'claude-haiku-4-5', chat: 'gpt-5.1', responses: 'gpt-5.1-codex' };

/** Model calls are noted with their attempts; concurrent calls each have their own list. */
function clientOf(make, list, about) {
  return make(notingFetch((attempt) => list.push(Object.assign(attempt, about))));
}
const anthropicOf = (list, about) =>
  clientOf((fetch) => new Anthropic({ fetch }), list, { provider: 'anthropic', ...about });
const openaiOf = (list, about) => clientOf((fetch) => new OpenAI({ fetch }), list, { provider: 'openai', ...about });

const notes = new McpClient(
  'notes',
  'node',
  [fileURLToPath(new URL('notes-server.mjs', import.meta.url))],
  process.cwd(),
);
const mcpTools = (await notes.start()).map((t) => ({
  name: `mcp__notes__${t.name}`,
  description: t.description,
  schema: t.inputSchema,
}));
truth.mcp_servers.push({ name: 'notes', pid: notes.child.pid });
const tools = [...definitions, ...mcpTools];
const toolsBut = (...names) => tools.filter((t) => !names.includes(t.name));

/** Runs the calls of one answer side by side. calls: [{id, name, args}]; returns [{id, text, failed}]. */
function runAll(calls, agent) {
  return Promise.all(
    calls.map(async ({ id, name, args }) => {
      const fact = { id, name, args, status: 'ok', files: [], processes: [], hosts: [], agents: [] };
      agent.tools.push(fact);
      const result = await runTool(name, args, fact, { mcp: { notes }, subAgent });
      if (result.failed) fact.status = 'error';
      return { id, text: result.text, failed: result.failed === true };
    }),
  );
}
/** Fills the last attempt of a model call with what the SDK says about the answer. */
function finished(agent, facts) {
  Object.assign(agent.calls.at(-1), facts);
}

// ---------------------------------------------------------------- Anthropic Messages, streamed
async function anthropicLoop(messages, agent, offered, system = SYSTEM) {
  for (;;) {
    const client = anthropicOf(agent.calls, { model: MODELS.anthropic });
    const answer = await client.messages
      .stream({
        model: MODELS.anthropic,
        max_tokens: 8192,
        system: [{ type: 'text', text: system, cache_control: { type: 'ephemeral' } }],
        thinking: { type: 'enabled', budget_tokens: 2048 },
        tools: offered.map((t) => ({ name: t.name, description: t.description, input_schema: t.schema })),
        messages,
      })
      .finalMessage();
    const u = answer.usage;
    finished(agent, {
      id: answer.id,
      finish: answer.stop_reason,
      input_tokens: u.input_tokens + u.cache_read_input_tokens + u.cache_creation_input_tokens,
      output_tokens: u.output_tokens,
      tool_calls: answer.content.filter((b) => b.type === 'tool_use').map((b) => b.id),
    });
    messages.push({ role: 'assistant', content: answer.content });
    const calls = answer.content
      .filter((b) => b.type === 'tool_use')
      .map((b) => ({ id: b.id, name: b.name, args: b.input }));
    if (calls.length === 0) return answer.content.map((b) => (b.type === 'text' ? b.text : '')).join('');
    const results = await runAll(calls, agent);
    messages.push({
      role: 'user',
      content: results.map((r) => ({
        type: 'tool_result',
        tool_use_id: r.id,
        content: r.text,
        ...(r.failed && { is_error: true }),
      })),
    });
  }
}

/** The helper: the task text opens its own conversation; it has no helpers itself. */
async function subAgent({ prompt }, fact) {
  const agent = { prompt, calls: [], tools: [] };
  fact.agents.push(agent);
  const system = 'You are a helper of Harbor. Do the one task you are given and report in plain text.';
  return {
    text: await anthropicLoop(
      [{ role: 'user', content: prompt }],
      agent,
      toolsBut('task', 'edit_file', 'web_fetch'),
      system,
    ),
  };
}

/** A short title for the session, by a small model, beside the first turn. */
async function title(text, turn) {
  const content = `Write a title of at most five words for: ${text}`;
  const answer = await anthropicOf(turn.side_calls, { model: MODELS.small }).messages.create({
    model: MODELS.small,
    max_tokens: 32,
    messages: [{ role: 'user', content }],
  });
  Object.assign(turn.side_calls.at(-1), {
    id: answer.id,
    finish: answer.stop_reason,
    input_tokens: answer.usage.input_tokens,
    output_tokens: answer.usage.output_tokens,
  });
}

// ---------------------------------------------------------------- OpenAI Chat Completions, streamed and whole by turns
async function chatLoop(messages, agent) {
  for (let n = 0; ; n++) {
    const client = openaiOf(agent.calls, { model: MODELS.chat });
    const request = {
      model: MODELS.chat,
      messages,
      tools: toolsBut('task').map((t) => ({
        type: 'function',
        function: { name: t.name, description: t.description, parameters: t.schema },
      })),
    };
    const whole =
      n % 2 === 0
        ? await client.chat.completions
            .stream({ ...request, stream_options: { include_usage: true } })
            .finalChatCompletion()
        : await client.chat.completions.create(request);
    const [{ message, finish_reason }] = whole.choices;
    const calls = message.tool_calls ?? [];
    finished(agent, {
      id: whole.id,
      finish: finish_reason,
      input_tokens: whole.usage.prompt_tokens,
      output_tokens: whole.usage.completion_tokens,
      tool_calls: calls.map((c) => c.id),
    });
    messages.push({
      role: 'assistant',
      content: message.content,
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, type, function: f }) => ({
          id,
          type,
          function: { name: f.name, arguments: f.arguments },
        })),
      }),
    });
    if (calls.length === 0) return;
    const results = await runAll(
      calls.map((c) => ({ id: c.id, name: c.function.name, args: JSON.parse(c.function.arguments) })),
      agent,
    );
    for (const r of results) messages.push({ role: 'tool', tool_call_id: r.id, content: r.text });
  }
}

// ---------------------------------------------------------------- OpenAI Responses, whole and streamed by turns, continued by id
async function responsesLoop(text, agent) {
  let input = [{ role: 'user', content: text }];
  let previous;
  for (let n = 0; ; n++) {
    const client = openaiOf(agent.calls, { model: MODELS.responses });
    const request = {
      model: MODELS.responses,
      instructions: SYSTEM,
      input,
      ...(previous && { previous_response_id: previous }),
      tools: toolsBut('task').map((t) => ({
        type: 'function',
        name: t.name,
        description: t.description,
        parameters: t.schema,
        strict: false,
      })),
    };
    const answer =
      n % 2 === 0 ? await client.responses.create(request) : await client.responses.stream(request).finalResponse();
    const calls = answer.output.filter((item) => item.type === 'function_call');
    finished(agent, {
      id: answer.id,
      finish: answer.status,
      input_tokens: answer.usage.input_tokens,
      output_tokens: answer.usage.output_tokens,
      tool_calls: calls.map((c) => c.call_id),
    });
    if (calls.length === 0) return;
    const results = await runAll(
      calls.map((c) => ({ id: c.call_id, name: c.name, args: JSON.parse(c.arguments) })),
      agent,
    );
    previous = answer.id;
    input = results.map((r) => ({ type: 'function_call_output', call_id: r.id, output: r.text }));
  }
}

// ---------------------------------------------------------------- the session
const history = [];
async function turn(user, run) {
  const fact = { user, started: new Date().toISOString(), calls: [], tools: [], side_calls: [] };
  truth.turns.push(fact);
  await run(fact);
  fact.ended = new Date().toISOString();
}
const withAnthropic = (text) => async (fact) => {
  history.push({ role: 'user', content: [{ type: 'text', text }] });
  await anthropicLoop(history, fact, tools);
};
const pauseBetweenTurns = () => new Promise((resolve) => setTimeout(resolve, 300));

const questions = [
  [
    'The ledger tests fail. Find out why and fix it.',
    (text) => (fact) => Promise.all([withAnthropic(text)(fact), title(text, fact)]),
  ],
  [
    'Start the preview server and look at its first page.',
    (content) => (fact) =>
      chatLoop(
        [
          { role: 'system', content: SYSTEM },
          { role: 'user', content },
        ],
        fact,
      ),
  ],
  ['Let a helper summarise the docs, then add the summary to the README.', withAnthropic],
  ['Check the links of the preview, then stop the server.', (text) => (fact) => responsesLoop(text, fact)],
];
for (const [text, run] of questions.slice(0, Number(process.env.OISP_DEMO_TURNS ?? questions.length))) {
  await turn(text, run(text));
  await pauseBetweenTurns();
}
truth.mcp_servers[0].exit_code = await notes.stop();
truth.agent.argv = ['node', path.resolve(process.argv[1])];
saveTruth();
