import { bash, read, write } from '../simulator/effects.mjs';
export default {
  about: 'an answer that streams for a long time; its first tools have ended before it does',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']) }),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      t.call({
        eager: true,
        slow: 60,
        tools: [
          read(`src/${n}.ts`),
          bash(`node quick-${n}.js`),
          write(`out/${n}.txt`, { content: s.text(300) }),
          bash(`node last-${n}.js`),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
