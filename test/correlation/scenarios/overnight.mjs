import { bash, read } from '../simulator/tools.mjs';

export default {
  about: "a tool waits eight hours for the user's yes",
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/on.ts')] });
      t.call({ tools: [bash(`node on-${s.hex(4)}.js`, { approve: 8 * 3600e3 })] });
      t.call({ maySplit: true, tools: [read('src/on2.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
