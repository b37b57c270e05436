import { agentProgram, read } from '../simulator/tools.mjs';

export default {
  about: 'two agent programs started by two shell tools of one answer, with the same first words',
  agents: 3,
  run(s) {
    const a = s.agent({ own: true }),
      words = `Review the change ${s.hex(5)}`;
    a.turn(s.text(), (t) => {
      t.call({
        tools: ['anthropic', 'openai'].map((provider, i) =>
          agentProgram(
            words,
            (b, p) =>
              b.turn(p, (u) => {
                u.call({ tools: [read(`src/pa${i}.ts`)] });
                u.answer();
              }),
            { provider, command: `agent-${i} -p "${words}"`, argv: [`agent-${i}`, '-p', words] },
          ),
        ),
      });
      t.answer();
    });
    a.exit();
  },
};
