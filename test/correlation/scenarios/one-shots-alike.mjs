export default {
  about: 'single questions to one server, the same words each time, some of them at once',
  agents: 12,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'gemini', 'responses']);
    const agents = Array.from({ length: 12 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system: 'You write haikus.',
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(100, 1500),
      }),
    );
    for (const a of agents) a.turn('Write a haiku about the sea.', (t) => t.answer());
    s.end(proc, agents);
  },
};
