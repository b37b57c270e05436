import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'servers of tools come and go: the list of tools grows and shrinks between requests',
  run(s) {
    const a = s.agent(),
      base = a.tools,
      more = (n) => [
        ...base,
        ...Array.from({ length: n }, (_, i) => ({ name: `mcp__late__t${i}`, about: 'Came later.', input: { q: 'x' } })),
      ];
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/a.ts')] });
      a.tools = more(3);
      t.call({ tools: [bash('node a.js')] });
      t.answer();
    });
    a.wait(1200);
    a.tools = more(5);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/b.ts')] });
      a.tools = base;
      t.answer();
    });
    a.tools = [];
    a.turn(s.text(), (t) => t.answer());
    a.tools = more(2);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/c.ts')] });
      t.answer();
    });
    a.exit();
  },
};
