import { bash, task } from '../simulator/tools.mjs';

export default {
  about: 'sub-agents at once, each with spinner calls beside its tools',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({
        spinner: true,
        tools: [0, 1].map((i) =>
          task(`Take part ${i} of ${s.hex(5)}: ${s.text(6)}`, (u) => {
            u.call({ spinner: true, tools: [bash(`node sp${i}-${s.hex(4)}.js`, { ms: 700 })] });
            u.side('spinner');
            u.answer();
          }),
        ),
      });
      t.answer();
    });
    a.exit();
  },
};
