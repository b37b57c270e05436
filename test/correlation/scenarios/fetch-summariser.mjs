import { aside, read, webFetch } from '../simulator/tools.mjs';

export default {
  about: 'a fetched page is read by a small model before the tool returns',
  run(s) {
    const a = s.agent(),
      url = `https://pages-${s.hex(4)}.example.org/long`;
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          {
            ...webFetch(url),
            run(x) {
              webFetch(url).run(x);
              const r = aside(a, 'web_fetch', {
                turn: t,
                at: x.now,
                prompt: `Web page content:\n---\n${s.text(60)}\n---\n\n${s.text(6)}\n\nProvide a concise response based only on the content above.`,
                maxTokens: 4096,
              });
              x.now = r.ended + 3e6;
              x.opaque = true;
            },
          },
          read('src/fs.ts'),
        ],
      });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
