import { bash, dropResults, read, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'a sub-agent works so long that its history is replaced by a summary',
  run(s) {
    const a = s.agent(),
      box = {};
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          subAgent(box, `Migrate all modules of ${s.hex(5)}: ${s.text(7)}`, (u) => {
            u.call({ tools: [read('src/sc.ts')] });
            u.call({ tools: [bash(`node sc-${s.hex(4)}.js`)] });
            box.conv.messages = [{ role: 'user', parts: [{ text: `Summary of the work so far:\n${s.text(40)}` }] }];
            dropResults(box.conv);
            u.call({ maySplit: true, tools: [read('src/sc2.ts')] });
            u.answer();
          }),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
