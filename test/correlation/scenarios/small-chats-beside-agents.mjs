import { slow } from '../simulator/tools.mjs';

export default {
  about: 'one server: an agent with tools on a big model, and plain chats on a small one',
  agents: 4,
  run(s) {
    const proc = s.process(),
      provider = s.pick(['anthropic', 'openai', 'gemini']),
      b = s.agent({ proc, provider, system: 'You are a support agent.', headers: false, housekeeping: false });
    const chats = [0, 1, 2].map((i) =>
      s.agent({
        proc,
        provider,
        system: 'You talk with visitors.',
        tools: [],
        headers: false,
        housekeeping: false,
        at: s.now + i * s.ms(400, 2000),
      }),
    );
    for (let i = 0; i < 4; i++) {
      b.turn(s.text(), (t) => {
        t.call({ tools: [slow('lookup', 900, { target: s.hex(5) })] });
        t.answer();
      });
      b.wait(500);
    }
    for (const a of chats) {
      a.model = a.small;
      for (let i = 0; i < 3; i++) {
        a.turn(s.text(8), (t) => t.answer(), { title: false });
        a.wait(700 + 2000 * s.rnd());
      }
    }
    s.end(proc, [b, ...chats]);
  },
};
