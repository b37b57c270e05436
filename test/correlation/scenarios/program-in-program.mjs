import { agentProgram, bash, read } from '../simulator/tools.mjs';

export default {
  about: 'an agent program starts an agent program that starts another one, each through a shell',
  agents: 3,
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(5);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          agentProgram(`Outer review ${n}`, (b, p) =>
            b.turn(p, (u) => {
              u.call({ tools: [read('src/pp.ts')] });
              u.call({
                tools: [
                  agentProgram(`Inner review ${n}`, (c, q) =>
                    c.turn(q, (v) => {
                      v.call({ tools: [bash(`node pp-${n}.js`)] });
                      v.answer();
                    }),
                  ),
                ],
              });
              u.answer();
            }),
          ),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
