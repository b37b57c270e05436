import { bash, program } from '../simulator/effects.mjs';
export default {
  about: 'more of each kind than a tool may show, by one program, beside a tool that does little',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      t.call({
        eager: true,
        slow: 8,
        tools: [
          bash(`./crawl-${n}.sh`, {
            run: (p) =>
              p.exec([`./crawl-${n}.sh`], (q) => {
                for (let i = 0; i < 120; i++) q.connect(`h${i}.example.net`);
                for (let i = 0; i < 200; i++) q.write(`data/${n}/${i}.json`);
                for (let i = 0; i < 90; i++)
                  q.exec(['gzip', `data/${n}/${i}.json`], (r) => r.read(`data/${n}/${i}.json`), { ms: 1 });
              }),
          }),
          program('Bash', { command: `wc -l a-${n}.txt` }, ['/bin/sh', '-c', `wc -l a-${n}.txt`], (p) =>
            p.read(`a-${n}.txt`),
          ),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
