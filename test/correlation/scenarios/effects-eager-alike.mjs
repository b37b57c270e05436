import { bash, read } from '../simulator/effects.mjs';
export default {
  about: 'tools start while the answer streams, and their commands share folders, options and words',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']) }),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      t.call({
        eager: true,
        slow: 14,
        tools: [
          bash(`cd pkg && npm test -- --silent`, { ms: 60 }),
          bash(`cd pkg && make -s ${n}`, { ms: 40 }),
          bash(`cd pkg && npm test -- --silent && git status`, { ms: 30 }),
          read(`pkg/${n}.ts`),
        ],
      });
      t.call({ eager: true, slow: 10, tools: [bash(`python3 -m check ${n}`), bash(`python3 -m check ${n} --all`)] });
      t.answer();
    });
    a.exit();
  },
};
