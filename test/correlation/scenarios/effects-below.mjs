import { read, tool } from '../simulator/effects.mjs';
export default {
  about: 'tools that look through a folder inside the agent: many files below the path that they name',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    const look = (x, dir) => {
      for (let i = 0; i < 6; i++) x.read(x.agent.path(`${dir}/part${i % 3}/f${i}.ts`));
    };
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          tool('search_file_content', { pattern: `needle_${n}`, path: a.path(`lib-${n}`) }, (x) => look(x, `lib-${n}`)),
        ],
      });
      t.call({
        tools: [tool('list_directory', { path: `docs-${n}` }, (x) => look(x, `docs-${n}`)), read(`src/near-${n}.ts`)],
      });
      t.call({ tools: [tool('glob', { pattern: `packages-${n}/**/*.ts` }, (x) => look(x, `packages-${n}/deep`))] });
      t.answer();
    });
    a.exit();
  },
};
