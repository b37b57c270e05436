import { bash, restart } from '../simulator/tools.mjs';

export default {
  about: 'the program ends between two turns and another process goes on with the history',
  run(s) {
    const a = s.agent({ own: true });
    for (let i = 0; i < 3; i++) {
      for (let k = 0; k < 2; k++) {
        a.turn(s.text(), (t) => {
          t.call({ tools: [bash(`node rs${i}${k}.js`)] });
          t.answer(s.text(45));
        });
        a.wait(900);
      }
      if (i < 2) restart(a);
    }
    a.exit();
  },
};
