import { agentProgram, bash, read } from '../simulator/tools.mjs';

export default {
  about: 'an agent program started by a shell tool takes two turns',
  agents: 2,
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          agentProgram(`Watch ${s.hex(5)}`, (b, p) => {
            b.turn(p, (u) => {
              for (let i = 0; i < 3; i++) u.call({ tools: [bash(`node po-${i}-${s.hex(4)}.js`, { ms: 500 })] });
              u.answer();
            });
            b.wait(100);
            b.turn(s.text(), (u) => u.answer());
          }),
        ],
      });
      t.call({ tools: [read('src/po.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
