import { bash, read, subAgent, write } from '../simulator/tools.mjs';

export default {
  about: 'a later call of the parent goes on with the sub-agent of an earlier one',
  run(s) {
    const a = s.agent({ headers: s.rnd() < 0.5 }),
      box = {};
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          subAgent(box, `Read the module ${s.hex(4)}: ${s.text(6)}`, (u) => {
            u.call({ tools: [read('src/sr.ts')] });
            u.answer();
          }),
        ],
      });
      t.call({
        tools: [
          subAgent(box, `Now change it as follows: ${s.text(8)}`, (u) => {
            u.call({ tools: [write('src/sr.ts')] });
            u.answer();
          }),
        ],
      });
      t.answer();
    });
    a.wait(2000);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          subAgent(box, `And once more: ${s.text(8)}`, (u) => {
            u.call({ tools: [bash(`node sr-${s.hex(4)}.js`)] });
            u.answer();
          }),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
