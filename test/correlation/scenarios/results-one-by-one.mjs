import { slow } from '../simulator/tools.mjs';

export default {
  about: 'two tools at once; the result of the second one comes a request later',
  run(s) {
    const a = s.agent({ provider: s.pick(['responses', 'gemini', 'openai']), headers: s.rnd() < 0.5 });
    a.turn(s.text(), (t) => {
      t.call({ tools: [slow('lookup', 300, { target: s.hex(4) }), slow('search', 900, { target: s.hex(4) })] });
      const held = a.conv.messages.at(-1).parts.pop(),
        late = a.conv.waiting.pop();
      t.call({ text: 'The first one is here.', tools: [] });
      a.conv.messages.push({ role: 'user', parts: [held] });
      a.conv.waiting.push(late);
      t.wait(600);
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
