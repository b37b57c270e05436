import { read } from '../simulator/tools.mjs';

export default {
  about: 'the history forks and both branches go on in turn',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/root.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    const one = a.conv;
    a.rewind(4);
    const two = a.conv;
    for (let i = 0; i < 3; i++)
      for (const conv of [two, one]) {
        a.conv = conv;
        a.turn(s.text(), (t) => {
          t.call({ tools: [read(`src/br${i}.ts`)] });
          t.answer();
        });
        a.wait(1200);
      }
    a.exit();
  },
};
