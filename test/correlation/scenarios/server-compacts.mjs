export default {
  about: 'four users of one server without headers; the history of each is replaced by a summary',
  agents: 4,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'gemini']),
      system = 'You are a support agent.';
    const agents = Array.from({ length: 4 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system,
        tools: [],
        headers: s.rnd() < 0.5,
        housekeeping: false,
        at: s.now + i * s.ms(50, 900),
      }),
    );
    for (const a of agents) {
      for (let i = 0; i < 2; i++) {
        a.turn(s.text(9), (t) => t.answer());
        a.wait(800 + 2000 * s.rnd());
      }
      a.compact();
      for (let i = 0; i < 2; i++) {
        a.turn(s.text(9), (t) => t.answer());
        a.wait(800 + 2000 * s.rnd());
      }
    }
    s.end(proc, agents);
  },
};
