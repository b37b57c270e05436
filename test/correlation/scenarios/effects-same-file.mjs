import { read, tool } from '../simulator/effects.mjs';
export default {
  about: 'two calls read parts of one file, one reads and one edits it, at the same time',
  run(s) {
    const a = s.agent(),
      n = s.hex(4),
      f = `src/same-${n}.ts`;
    const part = (offset, ms) =>
      tool('Read', { file_path: f, offset, limit: 20 }, (x) => {
        x.wait(ms).read(x.agent.path(f));
      });
    a.turn(s.text(), (t) => {
      t.call({ tools: [part(0, 1), part(40, 9)] });
      t.call({
        tools: [
          part(80, 1),
          tool('Edit', { file_path: f, old_string: 'a', new_string: 'b' }, (x) => {
            const p = x.agent.path(f),
              tmp = `${p}.tmp.${s.hex(6)}`;
            x.wait(12).read(p).write(tmp).rename(tmp, p);
          }),
        ],
      });
      t.call({ tools: [read(f), read(`lib/same-${n}.ts`)] });
      t.answer();
    });
    a.exit();
  },
};
