import { slow } from '../simulator/tools.mjs';

export default {
  about: 'the same tool with the same arguments over and over, alone and side by side',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      for (let i = 0; i < 4; i++) t.call({ text: 'Again.', tools: [slow('poll', 300)] });
      t.call({ text: 'All.', tools: [slow('poll', 300), slow('poll', 500), slow('poll', 200)] });
      t.answer();
    });
    a.turn(s.text(), (t) => {
      t.call({ text: 'Again.', tools: [slow('poll', 300)] });
      t.answer();
    });
    a.exit();
  },
};
