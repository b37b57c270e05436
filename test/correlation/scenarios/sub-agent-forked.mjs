import { bash, Conversation, read, subAgent } from '../simulator/tools.mjs';

export default {
  about: 'a sub-agent begins with the whole history of its parent and its task as new words',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']), headers: s.rnd() < 0.5 });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/sf.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => {
      const box = {
        conv: new Conversation(a, { headers: a.headers ? { 'x-claude-code-agent-id': `agent-${s.hex(8)}` } : {} }),
      };
      box.conv.messages = a.conv.messages.slice(0, -1);
      t.call({
        tools: [
          subAgent(box, `Try the other way round: ${s.text(8)}`, (u) => {
            u.call({ tools: [bash(`node sf-${s.hex(4)}.js`)] });
            u.answer();
          }),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
