export default {
  about: 'forty single questions to one server, the same prompt with other words',
  agents: 40,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'gemini', 'responses']),
      small = s.rnd() < 0.5;
    const agents = Array.from({ length: 40 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system: 'Classify the message as spam or not.',
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(30, 300),
      }),
    );
    for (const a of agents) {
      if (small) a.model = a.small;
      a.turn(`Message: ${s.text(9)}`, (t) => t.answer('not spam'));
    }
    s.end(proc, agents);
  },
};
