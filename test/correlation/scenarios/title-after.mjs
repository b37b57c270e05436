import { aside, read } from '../simulator/tools.mjs';

export default {
  about: 'the title is asked for after the first answer, by the main model',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/ta.ts')] });
      t.answer();
    });
    aside(a, 'title', {
      model: a.model,
      system: 'You are a title generator. Write a title for the conversation, at most 50 characters.',
      prompt: `Generate a title for this conversation:\n${s.text(10)}`,
      maxTokens: 4096,
    });
    a.wait(15000);
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
