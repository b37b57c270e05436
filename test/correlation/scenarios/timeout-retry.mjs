import { read, silent } from '../simulator/tools.mjs';

export default {
  about: 'no byte of the answer comes; the client hangs up and asks again over another connection',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      silent(a, () => t.call({ abort: 'none' }));
      t.wait(400);
      t.call({ tools: [read('src/to.ts')] });
      silent(a, () => t.call({ abort: 'none' }));
      t.wait(400);
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
