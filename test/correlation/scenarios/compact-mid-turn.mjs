import { bash, dropResults, read } from '../simulator/tools.mjs';

export default {
  about: 'in the middle of a tool loop the history is replaced by a summary',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/big.ts'), bash(`node big-${s.hex(4)}.js`)] });
      t.call({ tools: [read('src/bigger.ts')] });
      t.side('summary', { wait: true });
      a.conv.messages = [
        {
          role: 'user',
          parts: [{ text: `This session is continued from a previous conversation. Summary:\n${s.text(40)}` }],
        },
      ];
      dropResults(a.conv);
      t.call({ maySplit: true, tools: [read('src/rest.ts')] });
      t.answer();
    });
    a.wait(2000);
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
