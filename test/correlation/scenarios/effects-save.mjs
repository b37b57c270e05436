import { read, tool } from '../simulator/effects.mjs';
export default {
  about:
    'the ways editors and libraries save a file: temporary name and rename, backup first, swap files, in place, in another folder',
  run(s) {
    const a = s.agent(),
      n = s.hex(4);
    const name = (file) => (a.absolute ? a.path(file) : file);
    const save = (file, how) =>
      tool(
        s.pick(['Edit', 'Write', 'replace', 'str_replace_editor', 'write_to_file']),
        { path: name(file), content: 'export {};\n' },
        (x) => how(x, x.agent.path(file)),
      );
    const hash = () => s.hex(12);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          save(`src/a-${n}.ts`, (x, p) => {
            const tmp = `${p}.${x.proc.pid}.${hash()}.tmp`;
            x.write(tmp);
            x.wait(30);
            x.rename(tmp, p);
          }),
        ],
      });
      t.call({ tools: [save(`src/b-${n}.ts`, (x, p) => x.rename(p, `${p}~`).write(p).delete(`${p}~`))] });
      t.call({
        tools: [
          save(`src/c-${n}.ts`, (x, p) => {
            const d = p.slice(0, p.lastIndexOf('/'));
            x.write(`${d}/.c-${n}.ts.swp`).read(p).write(p).delete(`${d}/.c-${n}.ts.swp`);
          }),
          read(`src/other-${n}.ts`),
        ],
      });
      t.call({
        tools: [
          save(`src/d-${n}.ts`, (x, p) => {
            const d = p.slice(0, p.lastIndexOf('/')),
              tmp = `${d}/.tmp${s.hex(6)}`;
            x.write(tmp).rename(tmp, p);
          }),
          save(`src/e-${n}.ts`, (x, p) => {
            const tmp = `/tmp/save-${s.hex(8)}`;
            x.write(tmp).rename(tmp, p);
          }),
        ],
      });
      t.call({ tools: [save(`.env.${n}`, (x, p) => x.write(`${p}.bak`).write(p))] });
      t.answer();
    });
    a.exit();
  },
};
