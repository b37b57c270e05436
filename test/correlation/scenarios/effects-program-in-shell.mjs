import { Agent, feed, read, shell } from '../simulator/effects.mjs';
export default {
  about: 'an agent program started in a shell that another agent feeds',
  agents: 2,
  run(s) {
    const a = s.agent({ own: true }),
      sh = shell(a),
      prompt = `Review the change ${s.hex(5)}`;
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          feed(() => sh, `agent -p "${prompt}"`, {
            run: (p) => {
              const b = new Agent(s, { cwd: a.cwd, parent: p, argv: ['agent', '-p', prompt], at: p.now });
              s.agents.push(b);
              b.now = Math.max(b.now, p.now);
              b.turn(prompt, (u) => {
                u.call({ tools: [read('src/inner.ts')] });
                u.answer();
              });
              b.exit();
              p.now = b.now + 1e6;
            },
          }),
        ],
      });
      t.call({ tools: [feed(() => sh, `node after-${s.hex(4)}.js`)] });
      t.answer();
    });
    sh.exit(a.now);
    a.exit();
  },
};
