import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'notes of the agent are written into user messages that were sent before',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/n${i}.ts`)] });
        a.conv.messages[0].parts.push({ text: `<note>File src/n${i}.ts was read.</note>` });
        t.call({ tools: [bash(`node n${i}-${s.hex(3)}.js`)] });
        t.answer();
      });
      a.wait(1500);
    }
    a.exit();
  },
};
