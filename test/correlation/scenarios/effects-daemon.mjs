import { bash, fork, read, write } from '../simulator/effects.mjs';
export default {
  about: 'a daemon forked twice, its parents gone, goes on over later turns and touches what later tools name',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    let server;
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          bash(`serve-${n} --daemon`, {
            detach: true,
            run: (p) =>
              p.exec([`serve-${n}`, '--daemon'], (q) => {
                q.read('serve.conf');
                const middle = fork(q, (m) => {
                  server = fork(m, (d) => {
                    d.detached = true;
                  });
                });
                middle.exit(middle.now + 1e6);
                server.proc.ppid = 1;
                server.now = q.now + 5e6;
                server.exec(['worker', n], null, { ms: 3 });
              }),
          }),
        ],
      });
      t.answer();
    });
    a.wait(3000);
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/page.ts'), write(`src/live-${n}.ts`)] });
      server.now = t.now;
      server.read('src/page.ts');
      server.read(`src/live-${n}.ts`);
      server.exec(['node', 'rebuild.js'], (q) => q.write('.cache/bundle.js'), { detach: true }).exit(server.now + 20e6);
      t.call({ tools: [bash('node rebuild.js', { ms: 60 })] });
      t.answer();
    });
    server.exit(a.now);
    a.exit();
  },
};
