import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'answers are sent back trimmed, and without the words beside a tool call',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ text: `${s.text(8)}\n\n`, tools: [read(`src/w${i}.ts`)] });
        const m = a.conv.messages.at(-2);
        m.parts = m.parts.filter((p) => p.call);
        t.call({ text: `  ${s.text(6)} `, tools: [bash(`node w${i}-${s.hex(3)}.js`)] });
        t.answer(`${s.text(30)}\n`);
        a.conv.messages.at(-1).parts[0].text = a.conv.messages.at(-1).parts[0].text.trim();
      });
      a.wait(1000);
    }
    a.exit();
  },
};
