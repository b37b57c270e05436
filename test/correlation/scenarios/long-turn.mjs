import { bash } from '../simulator/tools.mjs';

export default {
  about: 'a turn of two hours with hundreds of calls',
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => {
      for (let i = 0; i < 90; i++) {
        t.call({ tools: [bash(`node lt-${i}.js`, { ms: 60000 })] });
      }
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
