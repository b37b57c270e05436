// The AI SDK of Vercel with its providers for OpenAI (Chat Completions, Responses) and Anthropic; it makes the second call itself.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { carryOut, TOOLS } from './cell.mjs';

const tools = Object.fromEntries(
  Object.entries(TOOLS).map(([name, { description, parameters, run }]) => [
    name,
    tool({ description, inputSchema: jsonSchema(parameters), execute: async (input) => run(input) }),
  ]),
);

function conversation(model, asked) {
  return async ({ prompt, isStreamed, hasTools, tell }) => {
    const request = { model, prompt, maxRetries: 0, stopWhen: stepCountIs(3), ...(hasTools && { tools }) };
    let answer;
    if (isStreamed) {
      answer = streamText({ ...request, onError: ({ error }) => console.error(error) });
      await answer.consumeStream();
    } else answer = await generateText(request);
    let results = [];
    for (const step of await answer.steps) {
      const { usage } = step;
      tell({
        asked,
        results,
        id: step.response.id,
        model: step.response.modelId,
        finish: step.rawFinishReason ?? step.finishReason,
        text: step.text,
        calls: step.toolCalls.map((call) => ({ id: call.toolCallId, name: call.toolName, arguments: call.input })),
        usage: {
          input: usage.inputTokens,
          output: usage.outputTokens,
          cached: usage.inputTokenDetails?.cacheReadTokens,
          written: usage.inputTokenDetails?.cacheWriteTokens,
          reasoning: usage.outputTokenDetails?.reasoningTokens,
        },
      });
      results = step.toolResults.map((result) => ({ id: result.toolCallId, content: result.output }));
    }
  };
}

const [GPT, CLAUDE] = ['gpt-5.1', 'claude-opus-5'];
const openai = (origin) => createOpenAI({ baseURL: `${origin}/v1`, apiKey: 'sk-proj-x' });
const anthropic = (origin) => createAnthropic({ baseURL: `${origin}/v1`, apiKey: 'sk-ant-x' });
await carryOut('ai', [
  { api: 'openai chat', provider: 'api.openai.com', connect: (origin) => conversation(openai(origin).chat(GPT), GPT) },
  { api: 'openai responses', provider: 'api.openai.com', connect: (origin) => conversation(openai(origin)(GPT), GPT) },
  {
    api: 'anthropic',
    provider: 'api.anthropic.com',
    connect: (origin) => conversation(anthropic(origin)(CLAUDE), CLAUDE),
  },
]);
