import { bash } from '../simulator/effects.mjs';
export default {
  about: "while a tool waits for the user's yes, the user runs the same command in a terminal of their own",
  run(s) {
    const { w } = s,
      host = w.host('host-1'),
      a = s.agent({ own: true }),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      const at = t.now + 4000e6;
      const p = w.spawn(host, w.terminal(host), {
        exe: '/usr/bin/make',
        argv: ['make', `deploy-${n}`],
        cwd: a.cwd,
        at,
      });
      w.event(at + 2e6, p, 'file.read', { path: a.path(`deploy-${n}.yaml`), bytes_read: 12, complete: true });
      w.exit(p, at + 40e6);
      t.call({ tools: [bash(`make deploy-${n}`, { approve: 12000 })] });
      t.answer();
    });
    a.exit();
  },
};
