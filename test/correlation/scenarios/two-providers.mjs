import { aside, bash, read } from '../simulator/tools.mjs';

export default {
  about: 'titles and quota checks go to another provider than the conversation',
  run(s) {
    const a = s.agent({ provider: 'anthropic' });
    aside(a, 'quota', { provider: 'openai', prompt: 'quota', maxTokens: 1, answer: '#', stream: false });
    a.wait(900);
    a.turn(s.text(), (t) => {
      aside(a, 'title', {
        turn: t,
        at: t.now - 4e6,
        provider: 'openai',
        system: 'Summarize this conversation in at most 6 words. Answer with the title alone.',
        prompt: `Write a short title for: ${s.text(8)}`,
        maxTokens: 64,
      });
      t.call({ tools: [read('src/tp.ts')] });
      t.answer();
    });
    a.wait(14000);
    a.turn(s.text(), (t) => {
      t.call({ tools: [bash('node tp.js')] });
      t.answer();
    });
    a.exit();
  },
};
