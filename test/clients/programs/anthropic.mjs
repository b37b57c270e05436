// The SDK of Anthropic: Messages.
import Anthropic from '@anthropic-ai/sdk';
import { carryOut, TOOLS } from './cell.mjs';

const MODEL = 'claude-opus-5';
const tools = Object.entries(TOOLS).map(([name, { description, parameters }]) => ({
  ...{ name, description },
  input_schema: parameters,
}));

await carryOut('anthropic', [
  {
    api: 'messages',
    provider: 'api.anthropic.com',
    connect: (origin) => {
      const client = new Anthropic({ baseURL: origin, apiKey: 'sk-ant-x', maxRetries: 0 });
      return async ({ prompt, isStreamed, hasTools, tell }) => {
        const messages = [{ role: 'user', content: prompt }];
        let results = [];
        for (;;) {
          const request = { model: MODEL, max_tokens: 1024, messages, ...(hasTools && { tools }) };
          const answer = isStreamed
            ? await client.messages.stream(request).finalMessage()
            : await client.messages.create(request);
          const { usage } = answer;
          const calls = answer.content
            .filter((block) => block.type === 'tool_use')
            .map(({ id, name, input }) => ({ id, name, arguments: input }));
          tell({
            asked: MODEL,
            results,
            id: answer.id,
            model: answer.model,
            finish: answer.stop_reason,
            text: answer.content.map((block) => block.text ?? '').join(''),
            calls,
            usage: {
              input: usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens,
              output: usage.output_tokens,
              cached: usage.cache_read_input_tokens,
              written: usage.cache_creation_input_tokens,
            },
          });
          if (calls.length === 0) return;
          messages.push({ role: 'assistant', content: answer.content });
          results = calls.map((call) => ({ id: call.id, content: TOOLS[call.name].run(call.arguments) }));
          messages.push({
            role: 'user',
            content: results.map(({ id, content }) => ({ type: 'tool_result', tool_use_id: id, content })),
          });
        }
      };
    },
  },
]);
