import { read, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'the task of a sub-agent stands between other words in its first message',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']), headers: s.rnd() < 0.5 });
    a.turn(s.text(), (t) => {
      const one = `Find every use of ${s.hex(5)}: ${s.text(8)}`,
        two = `Rename ${s.hex(5)} everywhere: ${s.text(8)}`;
      const told = (p) =>
        `You were started by another agent.\n\n# Task\n${p}\n\n# Rules\nReport what you did in a few lines. Do not ask questions.`;
      t.call({
        tools: [one, two].map((p) =>
          subAgent(
            {},
            p,
            (u) => {
              u.call({ tools: [read(`src/tw-${s.hex(4)}.ts`)] });
              u.answer();
            },
            { says: told(p) },
          ),
        ),
      });
      t.answer();
    });
    a.exit();
  },
};
