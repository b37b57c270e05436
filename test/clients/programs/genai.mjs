// The SDK of Google: generateContent and streamGenerateContent.
import { GoogleGenAI } from '@google/genai';
import { carryOut, TOOLS } from './cell.mjs';

const MODEL = 'gemini-3-flash';
const functionDeclarations = Object.entries(TOOLS).map(([name, { description, parameters }]) => ({
  ...{ name, description },
  parametersJsonSchema: parameters,
}));

await carryOut('google genai', [
  {
    api: '',
    provider: 'generativelanguage.googleapis.com',
    connect: (origin) => {
      const client = new GoogleGenAI({ apiKey: 'AIza-x', httpOptions: { baseUrl: origin } });
      return async ({ prompt, isStreamed, hasTools, tell }) => {
        const contents = [{ role: 'user', parts: [{ text: prompt }] }];
        const config = hasTools ? { tools: [{ functionDeclarations }] } : {};
        let results = [];
        for (;;) {
          const request = { model: MODEL, contents, config };
          const chunks = [];
          if (isStreamed)
            for await (const chunk of await client.models.generateContentStream(request)) chunks.push(chunk);
          else chunks.push(await client.models.generateContent(request));
          const last = chunks.at(-1);
          const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
          const calls = parts.flatMap(({ functionCall: call }) =>
            call ? [{ name: call.name, arguments: call.args }] : [],
          );
          const usage = last.usageMetadata;
          tell({
            asked: MODEL,
            results,
            id: last.responseId,
            model: last.modelVersion,
            finish: last.candidates[0].finishReason,
            text: parts.map((part) => part.text ?? '').join(''),
            calls,
            usage: {
              input: usage.promptTokenCount,
              output: usage.candidatesTokenCount,
              cached: usage.cachedContentTokenCount,
              reasoning: usage.thoughtsTokenCount,
            },
          });
          if (calls.length === 0) return;
          contents.push({ role: 'model', parts });
          results = calls.map((call) => ({ name: call.name, content: TOOLS[call.name].run(call.arguments) }));
          contents.push({
            role: 'user',
            parts: results.map(({ name, content }) => ({ functionResponse: { name, response: { output: content } } })),
          });
        }
      };
    },
  },
]);
