import { tool } from '../simulator/effects.mjs';
export default {
  about: 'the home folder by its signs, macOS and Windows names, spaces, links of /tmp, relative paths that go up',
  run(s) {
    const a = s.agent(),
      n = s.hex(4);
    const at = (input, path, name = 'Read') =>
      tool(name, input, (x) => (name === 'Read' ? x.read(path) : x.write(path)));
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          at({ file_path: `~/notes/${n}.md` }, `/home/user/notes/${n}.md`),
          at({ file_path: `$HOME/lists/${n}.txt` }, `/home/user/lists/${n}.txt`, 'Write'),
        ],
      });
      t.call({
        tools: [
          at({ path: `/tmp/out ${n}/my file.txt` }, `/private/tmp/out ${n}/my file.txt`, 'Write'),
          at({ path: `/Users/Ann/Code-${n}/ReadMe.md` }, `/Users/ann/code-${n}/README.md`),
        ],
      });
      t.call({ tools: [at({ file_path: `src\\lib\\win-${n}.cs` }, a.path(`src/lib/win-${n}.cs`), 'Write')] });
      t.call({
        tools: [
          at({ file_path: `../sibling-${n}/src/x.ts` }, `/home/user/sibling-${n}/src/x.ts`),
          at({ uri: `file://${a.path('with%20space')}/${n}.ts` }, a.path(`with space/${n}.ts`)),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
