import { read, silent } from '../simulator/tools.mjs';

export default {
  about: 'the user stops before the answer begins and says something else',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => silent(a, () => t.call({ abort: 'none' })));
    a.wait(2500);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/aba.ts')] });
      t.answer();
    });
    a.exit();
  },
};
