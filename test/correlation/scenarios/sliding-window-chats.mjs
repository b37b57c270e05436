export default {
  about: 'four users of one server; of each only the last two exchanges are sent',
  agents: 4,
  run(s) {
    const proc = s.process(),
      system = 'You are the assistant of the shop.',
      provider = s.pick(['anthropic', 'openai', 'gemini']);
    const agents = [0, 1, 2, 3].map((i) =>
      s.agent({
        proc,
        provider,
        system,
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(200, 900),
      }),
    );
    for (const a of agents)
      for (let i = 0; i < 6; i++) {
        a.turn(s.text(9), (t) => t.answer());
        if (a.conv.messages.length > 4) a.conv.messages.splice(0, 2);
        a.wait(500 + 3000 * s.rnd());
      }
    s.end(proc, agents);
  },
};
