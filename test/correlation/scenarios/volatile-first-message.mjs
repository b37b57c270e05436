import { bash, joinLast, read } from '../simulator/tools.mjs';

export default {
  about: 'the first message names the time and the open files, new with every request',
  run(s) {
    const a = s.agent(),
      first = { role: 'user', parts: [{ text: '' }] };
    a.conv.messages.push(first);
    const tick = () => {
      first.parts[0].text = `Current time: ${s.hex(6)}. Open files: src/${s.hex(3)}.ts\nThe user works in ${a.cwd}`;
    };
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        tick();
        if (!i) joinLast(a.conv);
        t.call({ tools: [read(`src/v${i}.ts`)] });
        tick();
        t.call({ tools: [bash(`node v${i}-${s.hex(3)}.js`)] });
        tick();
        t.answer();
      });
      a.wait(1500);
    }
    a.exit();
  },
};
