import { bash } from '../simulator/tools.mjs';

export default {
  about: 'two compactions, one after the other, with turns between',
  run(s) {
    const a = s.agent();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2; i++) {
        a.turn(s.text(), (t) => {
          t.call({ tools: [bash(`node r${round}${i}.js`)] });
          t.answer();
        });
        a.wait(900);
      }
      if (round < 2) a.compact();
    }
    a.exit();
  },
};
