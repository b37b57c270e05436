import { read, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'the task of a sub-agent is put into other words; the agent headers alone tell',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']), headers: true, own: true });
    a.turn(s.text(), (t) => {
      t.call({
        tools: [0, 1].map((i) =>
          subAgent(
            {},
            s.text(8),
            (u) => {
              u.call({ tools: [read(`src/th-${s.hex(4)}.ts`)] });
              u.answer();
            },
            { says: s.text(9), delay: 1 + i * 80 },
          ),
        ),
      });
      t.answer();
    });
    a.exit();
  },
};
