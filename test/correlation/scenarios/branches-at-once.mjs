import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'two branches of one history run at the same time',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/root.ts')] });
      t.answer();
    });
    const one = a.conv;
    a.rewind(4);
    const two = a.conv,
      from = a.now + 2e9;
    for (const conv of [one, two]) {
      a.now = from + s.ms(0, 300);
      for (let i = 0; i < 2; i++)
        a.turn(
          s.text(),
          (t) => {
            t.call({ tools: [bash(`node at-once-${s.hex(5)}.js`, { ms: 400 })] });
            t.answer();
          },
          { conv },
        );
    }
    a.now += 8e9;
    a.exit();
  },
};
