import { Conversation, read } from '../simulator/tools.mjs';

export default {
  about: 'the user clears the conversation and begins anew in the same program, two times',
  run(s) {
    const a = s.agent({ headers: false });
    for (let i = 0; i < 3; i++) {
      for (let k = 0; k < 2; k++) {
        a.turn(s.text(), (t) => {
          t.call({ tools: [read(`src/cl${i}${k}.ts`)] });
          t.answer();
        });
        a.wait(1200);
      }
      a.conv = new Conversation(a);
    }
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
