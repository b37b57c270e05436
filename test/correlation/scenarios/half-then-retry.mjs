import { read } from '../simulator/tools.mjs';

export default {
  about: 'the connection breaks in the middle of the answer, the same request follows',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({ abort: 'none' });
      t.wait(600);
      t.call({ tools: [read('src/hr.ts')] });
      t.call({ abort: 'none' });
      t.wait(300);
      t.call({ abort: 'none' });
      t.wait(900);
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
