import { agentProgram, read, task } from '../simulator/tools.mjs';

export default {
  about: 'an agent program in a shell tool starts sub-agents of its own; two of them run at once',
  agents: 3,
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => {
      t.call({
        tools: [0, 1].map((i) =>
          agentProgram(`Review part ${i} ${s.hex(5)}`, (b, p) =>
            b.turn(p, (u) => {
              u.call({
                tools: [
                  task(`Look at ${s.hex(5)}: ${s.text(6)}`, (v) => {
                    v.call({ tools: [read(`src/ps${i}.ts`)] });
                    v.answer();
                  }),
                ],
              });
              u.answer();
            }),
          ),
        ),
      });
      t.answer();
    });
    a.exit();
  },
};
