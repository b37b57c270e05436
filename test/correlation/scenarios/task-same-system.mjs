import { bash, read, task } from '../simulator/tools.mjs';

export default {
  about: 'sub-agents have the system prompt and the tools of their parent',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']), headers: false });
    a.turn(s.text(), (t) => {
      t.call({
        tools: [0, 1, 2].map((i) =>
          task(
            `Part ${i} of the work ${s.hex(4)}: ${s.text(7)}`,
            (u) => {
              u.call({ tools: [bash(`node ts-${i}-${s.hex(4)}.js`, { ms: 200 })] });
              u.call({ tools: [read(`src/ts${i}.ts`)] });
              u.answer();
            },
            { system: a.system },
          ),
        ),
      });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
