import { bash, read, task } from '../simulator/tools.mjs';

export default {
  about: 'the collector begins to see the process while a sub-agent works',
  run(s) {
    const a = s.agent({ own: true });
    a.proc.attachAt = a.now + s.ms(2500, 9000);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          task(`Count the words of ${s.hex(5)}: ${s.text(6)}`, (u) => {
            for (let i = 0; i < 5; i++) u.call({ tools: [bash(`node as-${s.hex(4)}.js`, { ms: 800 })] });
            u.answer();
          }),
        ],
      });
      t.call({ tools: [read('src/as2.ts')] });
      t.answer();
    });
    for (let i = 0; i < 2; i++) {
      a.wait(1500);
      a.turn(s.text(), (t) => {
        t.call({
          tools: [
            task(`Then part ${i} of ${s.hex(5)}: ${s.text(6)}`, (u) => {
              u.call({ tools: [read('src/as3.ts')] });
              u.answer();
            }),
          ],
        });
        t.answer();
      });
    }
    a.exit();
  },
};
