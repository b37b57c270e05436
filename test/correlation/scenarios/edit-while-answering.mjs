import { read } from '../simulator/tools.mjs';

export default {
  about: 'the user stops the answer, edits the question and sends it again',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/ed.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/ed2.ts')] });
      t.call({ abort: 'none' });
    });
    a.wait(2500);
    a.rewind(4);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/ed3.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
