import { read } from '../simulator/tools.mjs';

export default {
  about: 'user messages that followed each other are sent as one text later on',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => t.call({ abort: 'none' }));
    a.wait(1500);
    a.turn(s.text(), (t) => t.answer());
    const [x, y] = a.conv.messages;
    a.conv.messages.splice(0, 2, { role: 'user', parts: [{ text: `${x.parts[0].text}\n\n${y.parts[0].text}` }] });
    a.wait(1500);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/j.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
