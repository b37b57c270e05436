import { bash, task } from '../simulator/tools.mjs';

export default {
  about: 'the first request of a sub-agent fails and is sent again, and its last answer is cut',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      t.call({
        tools: [0, 1].map((i) =>
          task(`Try part ${i} of ${s.hex(5)}: ${s.text(7)}`, (u) => {
            u.call({ status: 529, errorType: 'overloaded_error' });
            u.wait(700);
            u.call({ tools: [bash(`node srt-${i}-${s.hex(4)}.js`)] });
            u.call({ broken: true });
            u.wait(500);
            u.answer();
          }),
        ),
      });
      t.answer();
    });
    a.exit();
  },
};
