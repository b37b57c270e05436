import { agentProgram, bash } from '../simulator/tools.mjs';

export default {
  about: 'agent programs in shell tools ask for titles and spinners of their own',
  agents: 3,
  run(s) {
    const a = s.agent({ own: true });
    a.turn(
      s.text(),
      (t) => {
        t.call({
          spinner: true,
          tools: [0, 1].map((i) =>
            agentProgram(`Write part ${i} ${s.hex(5)}`, (b, p) => {
              b.side('quota');
              b.turn(
                p,
                (u) => {
                  u.call({ spinner: true, tools: [bash(`node pt${i}-${s.hex(4)}.js`, { ms: 3500 })] });
                  u.answer();
                },
                { title: true },
              );
            }),
          ),
        });
        t.answer();
      },
      { title: true },
    );
    a.exit();
  },
};
