import { agentProgram, Conversation } from '../simulator/tools.mjs';

export default {
  about: 'a script started by a shell tool asks a model many single questions',
  agents: 2,
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          agentProgram(
            'unused',
            (b) => {
              b.tools = [];
              for (let i = 0; i < 6; i++) {
                b.conv = new Conversation(b, { system: 'Answer with one word.' });
                b.turn(`Grade answer ${i}: ${s.text(8)}`, (u) => u.answer('good'));
                b.wait(30);
              }
            },
            { command: 'python3 evals/run.py', argv: ['python3', 'evals/run.py'], provider: 'openai' },
          ),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
