import { read, write } from '../simulator/tools.mjs';

export default {
  about: 'the user goes back two times in a row, at last to the first message',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++)
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/f${i}.ts`)] });
        t.answer();
      });
    a.wait(2000);
    a.rewind(4);
    a.turn(s.text(), (t) => t.answer());
    a.wait(2000);
    a.rewind(0);
    a.turn(s.text(), (t) => {
      t.call({ tools: [write('src/again.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
