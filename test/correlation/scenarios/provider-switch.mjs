import { bash, read, speak } from '../simulator/tools.mjs';

export default {
  about: 'the conversation goes on with another provider',
  run(s) {
    const a = s.agent({ provider: 'anthropic', own: true });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/p.ts')] });
      t.answer(s.text(60));
    });
    a.wait(2000);
    speak(a, 'openai');
    a.turn(s.text(), (t) => {
      t.call({ tools: [bash('node p.js')] });
      t.answer(s.text(60));
    });
    a.wait(2000);
    speak(a, 'anthropic');
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
