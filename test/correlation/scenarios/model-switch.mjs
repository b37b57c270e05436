import { read } from '../simulator/tools.mjs';

export default {
  about: 'the user takes another model for each turn, the small one as well',
  run(s) {
    const a = s.agent(),
      [big, small] = [a.model, a.small];
    for (const model of [big, small, big, small]) {
      a.model = model;
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/${s.hex(4)}.ts`)] });
        t.answer();
      });
      a.wait(1500);
    }
    a.exit();
  },
};
