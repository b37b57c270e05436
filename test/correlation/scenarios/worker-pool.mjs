import { read } from '../simulator/tools.mjs';

export default {
  about: 'the turns of a conversation are served by two processes in turn',
  run(s) {
    const host = s.w.host('host-1'),
      a = s.agent({ own: true }),
      pool = [a.proc, a.start(host)];
    for (let i = 0; i < 4; i++) {
      a.proc = pool[i % 2];
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/wp${i}.ts`)] });
        t.answer(s.text(50));
      });
      a.wait(1500);
    }
    a.proc = pool[0];
    s.w.exit(pool[1], a.now + 5e6);
    a.exit();
  },
};
