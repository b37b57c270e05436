import { read, task } from '../simulator/tools.mjs';

export default {
  about: 'ten sub-agents at once, started by one answer',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'responses']), own: true });
    a.turn(s.text(), (t) => {
      t.call({
        tools: Array.from({ length: 10 }, (_, i) =>
          task(`Check package number ${i} ${s.hex(4)}: ${s.text(5)}`, (u) => {
            u.call({ tools: [read(`pkg/${i}/index.ts`)] });
            u.answer();
          }),
        ),
      });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
