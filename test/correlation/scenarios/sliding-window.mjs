import { read } from '../simulator/tools.mjs';

export default {
  about: 'only the last messages are sent; the head of the history falls away',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 6; i++) {
      a.turn(s.text(), (t) => {
        if (i % 2) t.call({ tools: [read(`src/s${i}.ts`)] });
        t.answer();
      });
      while (a.conv.messages.length > 4)
        a.conv.messages.splice(0, a.conv.messages[1].parts.some((p) => p.call) ? 4 : 2);
      a.wait(1200);
    }
    a.exit();
  },
};
