import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'the system prompt names the time and the state of the repository, new with every request',
  run(s) {
    const a = s.agent();
    const tick = () => {
      a.conv.system = `You are a coding agent. Answer briefly and use the tools.\nNow: ${s.hex(8)}\ngit status: ${s.text(4)}`;
    };
    for (let i = 0; i < 3; i++) {
      tick();
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/g${i}.ts`)] });
        tick();
        t.call({ tools: [bash(`node g${i}.js`)] });
        tick();
        t.answer();
      });
      a.wait(1500);
    }
    a.compact();
    tick();
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
