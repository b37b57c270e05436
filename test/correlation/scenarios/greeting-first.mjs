export default {
  about: 'chats of one server begin with a greeting of the assistant that no model wrote',
  agents: 5,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['openai', 'gemini', 'responses']);
    const agents = Array.from({ length: 5 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system: 'You are the assistant of the shop.',
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(100, 1500),
      }),
    );
    for (const a of agents) {
      a.conv.messages.push({
        role: 'assistant',
        parts: [{ text: 'Hello! I am the assistant of the shop. What can I do for you today?' }],
      });
      for (let i = 0; i < 3; i++) {
        a.turn(s.text(8), (t) => t.answer());
        a.wait(900 + 3000 * s.rnd());
      }
    }
    s.end(proc, agents);
  },
};
