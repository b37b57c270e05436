export default {
  about: 'single questions to one server; each request ends with the first letters of the answer',
  agents: 10,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'gemini']);
    const agents = Array.from({ length: 10 }, (_, i) =>
      s.agent({
        proc,
        provider,
        system: 'Answer with JSON.',
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(100, 1500),
      }),
    );
    for (const a of agents)
      a.turn(`Extract the names: ${s.text(8)}`, (t) => {
        a.conv.messages.push({ role: 'assistant', parts: [{ text: '{"names":' }] });
        t.answer();
      });
    s.end(proc, agents);
  },
};
