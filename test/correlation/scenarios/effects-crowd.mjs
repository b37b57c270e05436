import { bash, edit, feed, grep, read, shell, webFetch, write } from '../simulator/effects.mjs';
export default {
  about: 'five agents in one process, every kind of tool, overlapping, some commands and files with equal names',
  agents: 5,
  run(s) {
    const proc = s.process('/usr/bin/node', ['node', 'crowd.js']),
      agents = [];
    for (let i = 0; i < 5; i++) agents.push(s.agent({ proc, headers: false, at: s.now + i * s.ms(1, 400) }));
    agents.forEach((a, i) => {
      const n = s.hex(4),
        sh = i % 2 ? shell(a) : null;
      a.turn(s.text(), (t) => {
        t.call({
          eager: i % 2 === 0,
          slow: 4,
          tools: [read('package.json'), grep(`find${i}`), bash(`cd src && node job-${i}.js`, { ms: 300 })],
        });
        t.call({
          tools: [
            sh ? feed(() => sh, `cat list-${n}.txt | sort`) : bash('make all', { about: s.text(3), ms: 100 }),
            edit('src/index.ts'),
            webFetch(`https://crowd-${n}.example.org/`),
          ],
        });
        t.call({ tools: [write(`out/${n}.md`), read('src/index.ts')] });
        t.answer();
      });
      sh?.exit(a.now);
    });
    s.end(proc, agents);
  },
};
