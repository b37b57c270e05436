import { read } from '../simulator/tools.mjs';

export default {
  about: 'the user sends two messages before the answer begins; both stand in one request',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      a.conv.messages.push({ role: 'user', parts: [{ text: s.text(5) }] });
      t.call({ tools: [read('src/tw.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
