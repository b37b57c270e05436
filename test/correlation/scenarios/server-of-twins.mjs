export default {
  about: 'six users of one server say hi and get the same answer; what they say next differs',
  agents: 6,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'gemini', 'responses']),
      system = 'You are the assistant of the shop.';
    const agents = Array.from({ length: 6 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system,
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(50, 900),
      }),
    );
    for (const a of agents) {
      a.turn('hi', (t) => t.answer('Hello! How can I help?'));
      a.wait(1000 + 3000 * s.rnd());
      for (let i = 0; i < 2; i++) {
        a.turn(s.text(8), (t) => t.answer());
        a.wait(1000 + 3000 * s.rnd());
      }
    }
    s.end(proc, agents);
  },
};
