import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'every request ends with a text about the surroundings that the next one no longer has',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        for (let k = 0; k < 3; k++) {
          const m = a.conv.messages.at(-1);
          m.parts.push({ text: `Environment details: the cursor is in line ${s.hex(3)}, ${s.hex(2)} files are open.` });
          if (k < 2) t.call({ tools: [k ? bash(`node et${i}-${s.hex(3)}.js`) : read(`src/et${i}.ts`)] });
          else t.answer();
          m.parts.pop();
        }
      });
      a.wait(1500);
    }
    a.exit();
  },
};
