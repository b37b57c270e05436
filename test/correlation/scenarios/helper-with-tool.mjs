import { aside, bash } from '../simulator/tools.mjs';

export default {
  about: 'a small model gives its answer through a tool of its own: a title as a structured output',
  run(s) {
    const a = s.agent({ own: true });
    for (let i = 0; i < 2; i++)
      a.turn(s.text(), (t) => {
        const at = t.now;
        t.call({ tools: [bash(`node ht-${s.hex(4)}.js`, { ms: 3000 })] });
        aside(a, 'title', {
          turn: t,
          at: at + 2.5e9,
          system: 'Generate a short title for the conversation.',
          tools: [{ name: 'emit_title', about: 'Takes the title.', input: { title: 'x' } }],
          prompt: s.text(12),
          maxTokens: 256,
        });
        t.answer();
      });
    a.exit();
  },
};
