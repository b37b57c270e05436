import { bash, read, slow, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'a sub-agent is started in the background; the turn goes on and ends after it',
  run(s) {
    const a = s.agent({ headers: s.rnd() < 0.5, own: true }),
      box = {};
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          subAgent(
            box,
            `Search the archive for ${s.hex(5)}: ${s.text(7)}`,
            (u) => {
              u.call({ tools: [bash(`node sb-${s.hex(4)}.js`, { ms: 1500 })] });
              u.answer();
            },
            { background: true, delay: 30 },
          ),
        ],
      });
      t.call({ tools: [read('src/sb.ts')] });
      t.now = Math.max(t.now, box.end + 2e8);
      t.call({ tools: [slow('AgentOutput', 40, { target: 'agent-1' })] });
      t.answer();
    });
    a.exit();
  },
};
