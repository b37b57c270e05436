export default {
  about: 'twelve users of one server say hi and get different answers',
  agents: 12,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'gemini', 'responses']),
      system = 'You are the assistant of the shop.';
    const agents = Array.from({ length: 12 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system,
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(50, 700),
      }),
    );
    for (const a of agents) {
      a.turn('hi', (t) => t.answer());
      a.wait(1000 + 3000 * s.rnd());
      for (let i = 0; i < 2; i++) {
        a.turn(s.text(8), (t) => t.answer());
        a.wait(1000 + 3000 * s.rnd());
      }
    }
    s.end(proc, agents);
  },
};
