import { bash, read } from '../simulator/effects.mjs';
export default {
  about: 'the agent runs git for itself between its calls; a tool of the same program runs right after',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read(`src/o-${n}.ts`)] });
      t.wait(30);
      t.stray(['git', 'rev-parse', '--abbrev-ref', 'HEAD'], (p) => p.read('.git/HEAD'));
      t.wait(30);
      t.call({ tools: [bash(`git log --oneline -5 src/o-${n}.ts`, { ms: 60 })] });
      t.answer();
    });
    a.exit();
  },
};
