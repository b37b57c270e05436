import { hedged, read } from '../simulator/tools.mjs';

export default {
  about: 'each step is asked twice at once and the agent goes on with one of the answers',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      for (let i = 0; i < 2; i++) hedged(t, { tools: [read(`src/bo${i}.ts`)] }, { abort: false });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
