import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'the user says the same word in every turn and gets the same answer',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/c.ts')] });
      t.answer('Done.');
    });
    for (let i = 0; i < 5; i++) {
      a.wait(1500);
      a.turn('continue', (t) => {
        if (i % 2) t.call({ text: null, tools: [bash('make next')] });
        t.answer('Done.');
      });
    }
    a.exit();
  },
};
