import { bash, Conversation } from '../simulator/tools.mjs';

export default {
  about: 'one program holds two conversations of one user side by side',
  run(s) {
    const a = s.agent(),
      tabs = [a.conv, new Conversation(a)],
      from = a.now;
    for (const conv of tabs) {
      a.now = from + s.ms(0, 400);
      for (let i = 0; i < 3; i++) {
        a.turn(
          s.text(),
          (t) => {
            t.call({ tools: [bash(`node tab-${s.hex(5)}.js`, { ms: 500 })] });
            t.answer();
          },
          { conv },
        );
        a.wait(400 + 1000 * s.rnd());
      }
    }
    a.now += 12e9;
    a.exit();
  },
};
