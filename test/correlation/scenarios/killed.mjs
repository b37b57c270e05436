import { read, slow } from '../simulator/tools.mjs';

export default {
  about: 'the program is killed in the middle of a tool; later another one starts in the same folder and begins anew',
  agents: 2,
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/ki.ts')] });
      t.call({ interrupt: true, tools: [slow('lookup', 900)] });
    });
    s.w.exit(a.proc, a.now, 137, 'SIGKILL');
    const b = s.agent({ own: true, cwd: a.cwd, provider: a.provider, system: a.system, at: a.now + 3e9 });
    b.turn(s.text(), (t) => {
      t.call({ tools: [read('src/ki.ts')] });
      t.answer();
    });
    b.exit();
  },
};
