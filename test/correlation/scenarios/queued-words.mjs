import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'the user says something while tools run; it is sent beside the results',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({ tools: [bash('npm test', { ms: 2500 }), read('src/q.ts')] });
      a.conv.messages.at(-1).parts.push({ text: s.text(6) });
      t.call({ tools: [read('src/q2.ts')] });
      a.conv.messages.push({ role: 'user', parts: [{ text: s.text(5) }] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
