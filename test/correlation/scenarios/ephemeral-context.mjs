import { read } from '../simulator/tools.mjs';

export default {
  about: 'a text about the editor is put beside the last user message and is gone when the history is sent again',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 4; i++) {
      a.turn(s.text(), (t) => {
        const m = a.conv.messages.at(-1);
        m.parts.unshift({ text: `The user has these files open: src/${s.hex(4)}.ts, src/${s.hex(4)}.ts` });
        t.call({ tools: [read(`src/e${i}.ts`)] });
        t.answer();
        m.parts.shift();
      });
      a.wait(1500);
    }
    a.exit();
  },
};
