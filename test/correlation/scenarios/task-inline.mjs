import { read, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'the task of a sub-agent stands within a sentence of its first message',
  run(s) {
    const a = s.agent({ headers: true, own: true });
    a.turn(s.text(), (t) => {
      const p = `find every use of ${s.hex(5)} in ${s.text(6)}`;
      t.call({
        tools: [
          subAgent(
            {},
            p,
            (u) => {
              u.call({ tools: [read(`src/ti-${s.hex(4)}.ts`)] });
              u.answer();
            },
            { says: `Your task is to ${p} Report in a few lines.` },
          ),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
