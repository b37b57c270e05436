import { read } from '../simulator/tools.mjs';

export default {
  about: 'the user stops the answer three times in a row and asks anew each time',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => t.answer());
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => t.call({ abort: i === 1 ? 'partial' : 'none' }));
      a.wait(1500);
    }
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/ma.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
