import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'overloaded three times, then the same request to another model, also for the rest of the turn',
  run(s) {
    const a = s.agent(),
      big = a.model;
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/fm.ts')] });
      for (let i = 0; i < 3; i++) {
        t.call({ status: 529, errorType: 'overloaded_error' });
        t.wait(900);
      }
      a.model = a.small;
      t.call({ tools: [bash('node fm.js')] });
      t.answer();
    });
    a.model = big;
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
