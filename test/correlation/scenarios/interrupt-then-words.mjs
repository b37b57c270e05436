import { bash, joinLast, read } from '../simulator/tools.mjs';

export default {
  about: 'a running tool is stopped; its result says so and the new words stand in the same message',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'anthropic', 'openai', 'gemini']) });
    a.turn(s.text(), (t) => t.answer());
    const stop = bash(`node long-${s.hex(4)}.js`, { ms: 1500, unanswered: true });
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/i.ts')] });
      t.call({ tools: [stop] });
    });
    a.wait(3000);
    a.conv.messages.push({
      role: 'user',
      parts: [
        {
          result: {
            id: stop.id,
            name: 'Bash',
            text: "The user doesn't want to proceed with this tool use.",
            error: true,
          },
        },
        { text: '[Request interrupted by user for tool use]' },
      ],
    });
    a.turn(s.text(), (t) => {
      joinLast(a.conv);
      t.call({ tools: [read('src/new.ts')] });
      t.answer();
    });
    a.exit();
  },
};
