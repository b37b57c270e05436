import { feed, read, shell } from '../simulator/effects.mjs';
export default {
  about: 'one shell for the whole session, fed through its input: lists, pipelines, loops, redirections of its own',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4),
      sh = shell(a);
    a.turn(s.text(), (t) => {
      t.call({ tools: [feed(() => sh, `node build-${n}.js && cat dist/${n}.txt | grep ready | tee log-${n}.txt`)] });
      t.call({
        tools: [
          feed(() => sh, 'for f in src/*.ts; do wc -l "$f"; done', {
            run: (p) => {
              for (let i = 0; i < 3; i++) p.exec(['wc', '-l', `src/w${i}.ts`], (q) => q.read(`src/w${i}.ts`));
            },
          }),
        ],
      });
      t.call({
        tools: [
          feed(() => sh, `echo done > marks/${n}.txt`, { run: (p) => p.write(`marks/${n}.txt`) }),
          read('src/shell.ts'),
        ],
      });
      t.answer();
    });
    a.wait(2500);
    a.turn(s.text(), (t) => {
      t.call({ tools: [feed(() => sh, `make -C pkg/${n}`)] });
      t.call({ tools: [feed(() => sh, 'git status', { ms: 40 })] });
      t.answer();
    });
    sh.exit(a.now);
    a.exit();
  },
};
