import { read, silent } from '../simulator/tools.mjs';

export default {
  about: 'the very first request is stopped before its answer begins; the words are typed again',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => silent(a, () => t.call({ abort: 'none' })));
    a.wait(2500);
    a.rewind(0);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/abf.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
