import { bash } from '../simulator/tools.mjs';

export default {
  about: 'ten side calls at once while one turn runs, and a quota call that fails',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      for (let i = 0; i < 10; i++) t.side(s.pick(['title', 'spinner', 'summary']));
      t.call({ tools: [bash('node storm.js', { ms: 1500 })] });
      t.side('quota');
      t.answer();
    });
    a.wait(30000);
    a.side('quota');
    a.wait(15000);
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
