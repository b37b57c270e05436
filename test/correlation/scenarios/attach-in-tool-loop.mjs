import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'the collector begins to see the process at some moment of a long tool loop',
  run(s) {
    const a = s.agent({ own: true });
    a.proc.attachAt = a.now + s.ms(3000, 12000);
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      for (let i = 0; i < 6; i++)
        t.call({ tools: [bash(`node at-${s.hex(4)}.js`, { ms: 1000 }), read(`src/at${i}.ts`)] });
      t.answer();
    });
    for (let i = 0; i < 2; i++) {
      a.wait(1500);
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/later${i}.ts`)] });
        t.answer();
      });
    }
    a.exit();
  },
};
