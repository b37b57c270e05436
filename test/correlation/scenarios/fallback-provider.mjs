import { read, speak } from '../simulator/tools.mjs';

export default {
  about: 'the first request fails at one provider and is sent to another one',
  run(s) {
    const a = s.agent({ provider: 'anthropic', own: true, headers: false });
    a.turn(s.text(), (t) => {
      t.call({ status: 529, errorType: 'overloaded_error' });
      t.wait(500);
      speak(a, 'openai');
      t.call({ tools: [read('src/fp.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
