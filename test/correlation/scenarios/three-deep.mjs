import { bash, read, task } from '../simulator/tools.mjs';

export default {
  about: 'sub-agents three deep, each with work of its own before and after',
  run(s) {
    const a = s.agent({ headers: s.rnd() < 0.5 }),
      n = s.hex(4);
    const down = (depth) =>
      task(`Level ${depth} of ${n}: ${s.text(8)}`, (u) => {
        u.call({ tools: [read(`src/d${depth}.ts`)] });
        if (depth < 3) u.call({ tools: [down(depth + 1), bash(`node d${depth}-${s.hex(4)}.js`, { ms: 200 })] });
        u.call({ tools: [bash(`node e${depth}-${s.hex(4)}.js`)] });
        u.answer();
      });
    a.turn(s.text(), (t) => {
      t.call({ tools: [down(1)] });
      t.answer();
    });
    a.exit();
  },
};
