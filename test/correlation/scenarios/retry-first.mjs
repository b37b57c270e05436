import { bash } from '../simulator/tools.mjs';

export default {
  about: 'the first request of a conversation fails four times, with a title call beside it',
  run(s) {
    const a = s.agent();
    a.turn(
      s.text(),
      (t) => {
        for (let i = 0; i < 4; i++) {
          t.call({ status: i % 2 ? 429 : 529, errorType: 'overloaded_error' });
          t.wait(800 * 2 ** i);
        }
        t.call({ tools: [bash('node first.js')] });
        t.answer();
      },
      { title: true },
    );
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
