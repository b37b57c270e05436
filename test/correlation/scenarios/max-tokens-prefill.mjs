import { read, stopping } from '../simulator/tools.mjs';

export default {
  about: 'the answer is cut at the token limit; the agent sends it back and it is continued',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'gemini']) });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/mt.ts')] });
      stopping(a, { anthropic: 'max_tokens', openai: 'length', gemini: 'MAX_TOKENS' }[a.provider], () => t.answer());
      t.answer();
      const [x, y] = a.conv.messages.slice(-2);
      a.conv.messages.splice(-2, 2, { role: 'assistant', parts: [{ text: `${x.parts[0].text}${y.parts[0].text}` }] });
    });
    a.wait(1000);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/mt2.ts')] });
      t.answer();
    });
    a.exit();
  },
};
