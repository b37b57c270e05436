export default {
  about: 'single questions to one server; every request begins with the same examples of questions and answers',
  agents: 10,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'gemini', 'responses']),
      shots = [0, 1].flatMap(() => [
        { role: 'user', parts: [{ text: s.text(8) }] },
        { role: 'assistant', parts: [{ text: s.text(14) }] },
      ]);
    const agents = Array.from({ length: 10 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system: 'Translate.',
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(100, 1500),
      }),
    );
    for (const a of agents) {
      a.conv.messages.push(...shots);
      a.turn(s.text(8), (t) => t.answer());
    }
    s.end(proc, agents);
  },
};
