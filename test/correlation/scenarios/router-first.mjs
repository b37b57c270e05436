import { aside, read } from '../simulator/tools.mjs';

export default {
  about: 'before each turn a router reads the whole history with a prompt of its own and picks the agent',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        const r = aside(a, 'router', {
          turn: t,
          at: t.now,
          system: 'Classify the last message of the user as billing, support or code. Answer with the label alone.',
          messages: a.conv.rendered(),
          maxTokens: 12,
          answer: 'code',
        });
        t.now = r.ended + 3e6;
        t.call({ tools: [read(`src/rf${i}.ts`)] });
        t.answer();
      });
      a.wait(12000);
    }
    a.exit();
  },
};
