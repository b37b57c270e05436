import { read } from '../simulator/tools.mjs';

export default {
  about: 'the user has the same question answered again, twice',
  run(s) {
    const a = s.agent(),
      first = s.text();
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/rg.ts')] });
      t.answer();
    });
    for (let i = 0; i < 3; i++) {
      a.turn(first, (t) => t.answer());
      a.wait(3000);
      if (i < 2) a.rewind(4);
    }
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
