import { tool } from '../simulator/effects.mjs';
export default {
  about: 'patches that name several files, edits of many paths, notebooks',
  run(s) {
    const a = s.agent({ provider: s.pick(['openai', 'responses', 'anthropic']) }),
      n = s.hex(4);
    const put = (x, file) => {
      const p = x.agent.path(file);
      x.read(p).write(p);
    };
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          tool(
            'apply_patch',
            {
              input: `*** Begin Patch\n*** Update File: src/one ${n}.ts\n@@\n-a\n+b\n*** Add File: docs/two-${n}.md\n+text\n*** Delete File: old/three-${n}.ts\n*** End Patch`,
            },
            (x) => {
              put(x, `src/one ${n}.ts`);
              x.write(x.agent.path(`docs/two-${n}.md`)).delete(x.agent.path(`old/three-${n}.ts`));
            },
          ),
          tool(
            'apply_diff',
            {
              diff: `diff --git a/lib/f-${n}.py b/lib/f-${n}.py\n--- a/lib/f-${n}.py\n+++ b/lib/f-${n}.py\n@@ -1 +1 @@\n-a\n+b\n`,
            },
            (x) => put(x, `lib/f-${n}.py`),
          ),
        ],
      });
      t.call({
        tools: [
          tool(
            'MultiEdit',
            { edits: [0, 1, 2].map((i) => ({ file_path: `src/m${i}-${n}.ts`, old_string: 'a', new_string: 'b' })) },
            (x) => {
              for (let i = 0; i < 3; i++) put(x, `src/m${i}-${n}.ts`);
            },
          ),
          tool('NotebookEdit', { notebook_path: a.path(`nb/${n}.ipynb`), new_source: 'print(1)' }, (x) =>
            put(x, `nb/${n}.ipynb`),
          ),
          tool('read_many_files', { paths: [`a/${n}.md`, `b/${n}.md`] }, (x) =>
            x.read(x.agent.path(`a/${n}.md`)).read(x.agent.path(`b/${n}.md`)),
          ),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
