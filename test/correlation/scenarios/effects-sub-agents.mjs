import { bash, edit, read, task } from '../simulator/effects.mjs';
export default {
  about:
    'a sub-agent and its agent work at the same time; the task names the files and commands that the sub-agent then uses',
  run(s) {
    const a = s.agent(),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          task(`Read src/limits-${n}.ts, run \`make -C pkg/${n}\` and report: ${s.text(6)}`, (u) => {
            u.call({ tools: [read(`src/limits-${n}.ts`)] });
            u.call({ tools: [bash(`make -C pkg/${n}`, { ms: 200 })] });
            u.answer();
          }),
          read(`src/mine-${n}.ts`, { ms: 40 }),
          bash(`node mine-${n}.js`, { ms: 700 }),
        ],
      });
      t.call({ tools: [edit(`src/limits-${n}.ts`)] });
      t.answer();
    });
    a.exit();
  },
};
