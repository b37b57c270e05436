import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'parallel calls of one name without ids, some of them failing',
  run(s) {
    const a = s.agent({ provider: 'gemini' });
    for (let i = 0; i < 2; i++)
      a.turn(s.text(), (t) => {
        t.call({ tools: [read('src/g1.ts'), read('src/g2.ts'), read('src/g3.ts', { ms: 200 })] });
        t.call({ tools: [bash('node g.js', { code: 1 }), bash('node h.js')] });
        t.answer();
      });
    a.exit();
  },
};
