import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'system reminders wander from message to message',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        const note = { text: `<system-reminder>\nThe list of tasks changed: ${s.text(5)}\n</system-reminder>` };
        const put = () => {
          for (const m of a.conv.messages) m.parts = m.parts.filter((p) => p !== note);
          a.conv.messages.at(-1).parts.unshift(note);
        };
        put();
        t.call({ tools: [read(`src/m${i}.ts`)] });
        put();
        t.call({ tools: [bash(`node m${i}-${s.hex(3)}.js`)] });
        put();
        t.answer();
        for (const m of a.conv.messages) m.parts = m.parts.filter((p) => p !== note);
      });
      a.wait(1000);
    }
    a.exit();
  },
};
