import { slow } from '../simulator/tools.mjs';

export default {
  about: 'six users of one server whose agents have tools, with session headers on half of them',
  agents: 6,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'responses']),
      system = 'You are a support agent.';
    const agents = Array.from({ length: 6 }, (_, i) =>
      s.agent({ proc, provider, system, headers: i % 2 === 0, housekeeping: false, at: s.now + i * s.ms(50, 900) }),
    );
    for (const a of agents)
      for (let i = 0; i < 3; i++) {
        a.turn(i ? s.text(6) : 'Where is my order?', (t) => {
          t.call({ tools: [slow('lookup', 300, { target: s.hex(6) })] });
          t.answer();
        });
        a.wait(800 + 2000 * s.rnd());
      }
    s.end(proc, agents);
  },
};
