import { feed } from '../simulator/effects.mjs';
export default {
  about: "the first shell tool starts a shell that later tools feed: what they run is not the first tool's",
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    let sh;
    const get = (x) => (sh ??= x.exec(['/bin/bash'], null, { keep: true, hint: 'only_open', cwd: a.cwd }));
    a.turn(s.text(), (t) => {
      t.call({ tools: [feed(get, `node first-${n}.js`)] });
      t.call({ tools: [feed(get, `python3 second-${n}.py`, { ms: 80 })] });
      t.answer();
    });
    a.wait(1500);
    a.turn(s.text(), (t) => {
      t.call({ tools: [feed(get, `cat third-${n}.txt | sort | uniq -c`)] });
      t.answer();
    });
    sh.exit(a.now);
    a.exit();
  },
};
