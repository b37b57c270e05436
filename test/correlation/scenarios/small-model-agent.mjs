import { read, task } from '../simulator/tools.mjs';

export default {
  about: 'the conversation itself runs on a small model, with tools and a title by the same model',
  run(s) {
    const a = s.agent();
    a.model = a.small;
    a.turn(
      s.text(),
      (t) => {
        t.call({ tools: [read('src/sm.ts')] });
        t.answer();
      },
      { title: true },
    );
    a.wait(14000);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          task(`Look for ${s.hex(5)}: ${s.text(6)}`, (u) => {
            u.call({ tools: [read('src/sm2.ts')] });
            u.answer();
          }),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
