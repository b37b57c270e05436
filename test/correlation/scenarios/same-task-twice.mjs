import { bash, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'two sub-agents with the same task, word for word, one started a moment after the other',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']), headers: s.rnd() < 0.5 }),
      words = `Look at the module ${s.hex(5)} from a fresh view: ${s.text(6)}`;
    a.turn(s.text(), (t) => {
      t.call({
        tools: [0, 1].map((i) =>
          subAgent(
            {},
            words,
            (u) => {
              u.call({ tools: [bash(`node same-${i}-${s.hex(4)}.js`, { ms: 300 })] });
              u.answer();
            },
            { delay: 1 + i * 120 },
          ),
        ),
      });
      t.answer();
    });
    a.exit();
  },
};
