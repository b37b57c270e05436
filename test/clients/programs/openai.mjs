// The openai SDK: Chat Completions and Responses.
import OpenAI from 'openai';
import { carryOut, TOOLS } from './cell.mjs';

const MODEL = 'gpt-5.1';
const clientOf = (origin) => new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'sk-proj-x', maxRetries: 0 });

await carryOut('openai', [
  {
    api: 'chat completions',
    provider: 'api.openai.com',
    connect: (origin) => {
      const client = clientOf(origin);
      const tools = Object.entries(TOOLS).map(([name, { description, parameters }]) => ({
        type: 'function',
        function: { name, description, parameters },
      }));
      return async ({ prompt, isStreamed, hasTools, tell }) => {
        const messages = [{ role: 'user', content: prompt }];
        let results = [];
        for (;;) {
          const request = { model: MODEL, messages, ...(hasTools && { tools }) };
          const answer = isStreamed
            ? await client.chat.completions
                .stream({ ...request, stream_options: { include_usage: true } })
                .finalChatCompletion()
            : await client.chat.completions.create(request);
          const [{ message, finish_reason: finish }] = answer.choices;
          const { usage } = answer;
          const calls = (message.tool_calls ?? []).map((call) => ({
            id: call.id,
            name: call.function.name,
            arguments: JSON.parse(call.function.arguments),
          }));
          tell({
            asked: MODEL,
            results,
            id: answer.id,
            model: answer.model,
            finish,
            text: message.content ?? '',
            calls,
            usage: {
              input: usage.prompt_tokens,
              output: usage.completion_tokens,
              cached: usage.prompt_tokens_details.cached_tokens,
              reasoning: usage.completion_tokens_details.reasoning_tokens,
            },
          });
          if (calls.length === 0) return;
          messages.push({ role: 'assistant', content: message.content, tool_calls: message.tool_calls });
          results = calls.map((call) => ({ id: call.id, content: TOOLS[call.name].run(call.arguments) }));
          for (const { id, content } of results) messages.push({ role: 'tool', tool_call_id: id, content });
        }
      };
    },
  },
  {
    api: 'responses',
    provider: 'api.openai.com',
    connect: (origin) => {
      const client = clientOf(origin);
      const tools = Object.entries(TOOLS).map(([name, { description, parameters }]) => ({
        ...{ type: 'function', name, description, parameters },
        strict: false,
      }));
      return async ({ prompt, isStreamed, hasTools, tell }) => {
        const input = [{ role: 'user', content: prompt }];
        let results = [];
        for (;;) {
          const request = { model: MODEL, input, ...(hasTools && { tools }) };
          const answer = isStreamed
            ? await client.responses.stream(request).finalResponse()
            : await client.responses.create(request);
          const { usage } = answer;
          const items = answer.output.filter((item) => item.type === 'function_call');
          const calls = items.map((item) => ({
            id: item.call_id,
            name: item.name,
            arguments: JSON.parse(item.arguments),
          }));
          tell({
            asked: MODEL,
            results,
            id: answer.id,
            model: answer.model,
            finish: answer.status,
            text: answer.output_text,
            calls,
            usage: {
              input: usage.input_tokens,
              output: usage.output_tokens,
              cached: usage.input_tokens_details.cached_tokens,
              reasoning: usage.output_tokens_details.reasoning_tokens,
            },
          });
          if (calls.length === 0) return;
          for (const { id, call_id, name, arguments: text } of items)
            input.push({ type: 'function_call', id, call_id, name, arguments: text });
          results = calls.map((call) => ({ id: call.id, content: TOOLS[call.name].run(call.arguments) }));
          for (const { id, content } of results)
            input.push({ type: 'function_call_output', call_id: id, output: content });
        }
      };
    },
  },
]);
