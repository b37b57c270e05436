import { aside, bash } from '../simulator/tools.mjs';

export default {
  about: 'a small model says of every shell command whether it is safe, before it runs',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 2; i++)
      a.turn(s.text(), (t) => {
        for (let k = 0; k < 2; k++) {
          const cmd = `node cc-${s.hex(4)}.js`;
          t.call({
            tools: [
              {
                ...bash(cmd, { ms: 200 }),
                run(x) {
                  const r = aside(a, 'prefix', {
                    turn: t,
                    at: x.now,
                    system:
                      'Your task is to process Bash commands that an AI coding agent wants to run. This policy spec defines how to determine the prefix of a Bash command.',
                    prompt: `<policy_spec>\nExamples: cat foo.txt => cat\n</policy_spec>\nCommand: ${cmd}`,
                    answer: 'node',
                  });
                  x.now = r.ended + 3e6;
                  bash(cmd, { ms: 200 }).run(x);
                },
              },
            ],
          });
        }
        t.answer();
      });
    a.exit();
  },
};
