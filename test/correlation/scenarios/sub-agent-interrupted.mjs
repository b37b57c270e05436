import { read, task } from '../simulator/tools.mjs';

export default {
  about: 'the user stops a sub-agent in the middle; a new turn follows',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      t.call({
        interrupt: true,
        tools: [
          task(`Long work on ${s.hex(5)}: ${s.text(7)}`, (u) => {
            u.call({ tools: [read('src/si.ts')] });
            u.call({ abort: 'none' });
          }),
        ],
      });
    });
    a.wait(2000);
    a.conv.messages.push({ role: 'assistant', parts: [{ text: '[Request interrupted by user for tool use]' }] });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/si2.ts')] });
      t.answer();
    });
    a.exit();
  },
};
