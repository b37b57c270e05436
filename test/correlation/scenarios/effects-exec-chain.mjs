import { program } from '../simulator/effects.mjs';
export default {
  about: 'one process becomes shell, env and at last the program; the agent runs a pipeline itself without a shell',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          program(
            'Bash',
            { command: `env A=1 node chain-${n}.js` },
            ['/bin/sh', '-c', `env A=1 node chain-${n}.js`],
            (p) =>
              p.become(['env', 'A=1', 'node', `chain-${n}.js`], (q) =>
                q.become(['node', `chain-${n}.js`], (r) => {
                  r.read(`chain-${n}.js`);
                  r.exec(['gzip', `out-${n}`], (g) => g.write(`out-${n}.gz`));
                }),
              ),
          ),
          program('Bash', { command: `exec make link-${n}` }, ['/bin/bash', '-c', `exec make link-${n}`], (p) =>
            p.become(['make', `link-${n}`], (q) => q.read('Makefile')),
          ),
        ],
      });
      t.call({
        tools: [
          {
            name: 'exec',
            input: { command: `cat in-${n}.txt | sort -u | head -n 3` },
            run: (x) => {
              const at = x.now;
              const parts = [
                ['cat', `in-${n}.txt`],
                ['sort', '-u'],
                ['head', '-n', '3'],
              ].map((argv, i) => {
                x.now = at;
                return x.exec(argv, i ? null : (p) => p.read(`in-${n}.txt`), { cwd: a.cwd, ms: 20 + 10 * i });
              });
              x.now = Math.max(...parts.map((p) => p.exited));
              x.known();
              x.says('3 lines');
            },
          },
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
