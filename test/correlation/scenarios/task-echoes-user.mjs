import { bash, task } from '../simulator/tools.mjs';

export default {
  about: 'the task of a sub-agent is what the user said, word for word',
  run(s) {
    const a = s.agent({ headers: s.rnd() < 0.5 }),
      words = `Please fix the flaky test in package ${s.hex(4)}: ${s.text(6)}`;
    a.turn(words, (t) => {
      t.call({
        tools: [
          task(words, (u) => {
            u.call({ tools: [bash(`node te-${s.hex(4)}.js`)] });
            u.answer();
          }),
        ],
      });
      t.answer();
    });
    a.turn(words, (t) => t.answer());
    a.exit();
  },
};
