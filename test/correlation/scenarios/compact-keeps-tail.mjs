import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'a summary takes the place of all but the last call and its results, in the middle of a turn',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 2; i++)
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/k${i}.ts`)] });
        t.answer();
      });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/one.ts')] });
      t.call({ tools: [bash(`node two-${s.hex(4)}.js`)] });
      a.conv.messages = [
        { role: 'user', parts: [{ text: `Summary of the conversation so far:\n${s.text(40)}` }] },
        ...a.conv.messages.slice(-2),
      ];
      t.call({ maySplit: true, tools: [read('src/three.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
