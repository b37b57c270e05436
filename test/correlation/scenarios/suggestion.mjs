import { aside, read } from '../simulator/tools.mjs';

export default {
  about:
    'after an answer the whole history is sent with the same tools and a request to guess the next words of the user',
  run(s) {
    const a = s.agent({ provider: 'anthropic' });
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/su${i}.ts`)] });
        t.answer();
      });
      const r = aside(a, 'suggestion', {
        system: a.conv.system,
        tools: a.tools,
        model: a.model,
        maxTokens: 8192,
        messages: [
          ...a.conv.rendered(),
          {
            role: 'user',
            parts: [
              {
                text: '[SUGGESTION MODE: Suggest what the user might naturally type next into the prompt, 2-8 words.]',
              },
            ],
          },
        ],
        answer: 'run the tests',
      });
      a.now = r.ended + 12e9;
    }
    a.exit();
  },
};
