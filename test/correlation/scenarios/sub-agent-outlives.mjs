import { bash, slow, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'a sub-agent in the background outlives the turn that started it; the next turn reads what it found',
  run(s) {
    const a = s.agent({ headers: s.rnd() < 0.5, own: true }),
      box = {};
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          subAgent(
            box,
            `Watch the build ${s.hex(5)}: ${s.text(7)}`,
            (u) => {
              for (let i = 0; i < 3; i++) u.call({ tools: [bash(`node so-${i}-${s.hex(4)}.js`, { ms: 2500 })] });
              u.answer();
            },
            { background: true, delay: 20 },
          ),
        ],
      });
      t.answer();
    });
    a.now = box.end + 2e9;
    a.turn(s.text(), (t) => {
      t.call({ tools: [slow('AgentOutput', 40, { target: 'agent-1' })] });
      t.answer();
    });
    a.exit();
  },
};
