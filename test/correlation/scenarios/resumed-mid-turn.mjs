import { read, restart, slow } from '../simulator/tools.mjs';

export default {
  about: 'the program is killed while a tool runs; another process goes on with the history and new words',
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/rm.ts')] });
      t.answer(s.text(45));
    });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/rm2.ts')] });
      t.call({ text: s.text(45), tools: [slow('lookup', 800, { unanswered: true })] });
    });
    a.conv.messages.pop();
    restart(a, 'SIGKILL');
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/rm3.ts')] });
      t.answer();
    });
    a.exit();
  },
};
