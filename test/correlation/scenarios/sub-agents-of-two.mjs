import { slow, task } from '../simulator/tools.mjs';

export default {
  about: 'two agents of one server start sub-agents at the same time, without headers',
  agents: 2,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'responses']),
      system = 'You are a coding agent.';
    const agents = [0, 1].map((i) =>
      s.agent({ proc, provider, system, headers: false, housekeeping: false, at: s.now + i * s.ms(20, 300) }),
    );
    for (const a of agents) {
      a.turn(s.text(), (t) => {
        t.call({
          tools: [0, 1].map((i) =>
            task(
              `Do part ${i} of ${s.hex(5)}: ${s.text(6)}`,
              (u) => {
                u.call({ tools: [slow('lookup', 400, { target: s.hex(5) })] });
                u.answer();
              },
              { system: 'You are a worker.' },
            ),
          ),
        });
        t.answer();
      });
      a.turn(s.text(), (t) => t.answer());
    }
    s.end(proc, agents);
  },
};
