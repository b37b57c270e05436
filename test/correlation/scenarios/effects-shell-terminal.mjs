import { feed, read } from '../simulator/effects.mjs';
export default {
  about: 'a terminal through script(1): the fed shell is a child of the wrapper, in the middle of a turn',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    let sh;
    const get = (x) => {
      if (!sh) {
        const outer = x.exec(['script', '-q', '/dev/null', 'bash', '-i'], null, {
          keep: true,
          hint: 'only_open',
          cwd: a.cwd,
        });
        sh = outer.exec(['bash', '-i'], null, { keep: true });
        sh.outer = outer;
      }
      return sh;
    };
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/t.ts')] });
      t.call({ tools: [feed(get, `npm run lint-${n}`)] });
      t.call({ tools: [feed(get, `curl -s https://term-${n}.example.org/x`)] });
      t.answer();
    });
    sh.exit(a.now);
    sh.outer.exit(a.now + 1e6);
    a.exit();
  },
};
