import { mcp, read } from '../simulator/effects.mjs';
export default {
  about: 'two MCP servers at work at once; their effects are of the call that each of them answers',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4),
      files = a.mcp(`files-${n}`),
      db = a.mcp(`db-${n}`, { storm: 3 });
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          mcp(files, 'read_text', { path: a.path(`docs/${n}.md`) }, (r) => r.read(a.path(`docs/${n}.md`)), { ms: 90 }),
          mcp(db, 'query', { sql: `select ${n}` }, (r) => {
            r.read('/var/lib/data/main.db');
            r.exec(['gzip', `dump-${n}`], (q) => q.write(`/tmp/dump-${n}.gz`));
          }),
          read(`src/${n}.ts`),
        ],
      });
      t.call({ tools: [mcp(db, 'query', { sql: 'select 2' }, (r) => r.connect(`db-${n}.example.org`, 5432))] });
      t.answer();
    });
    a.exit();
  },
};
