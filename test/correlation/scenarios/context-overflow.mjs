import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'the provider refuses a history that is too long; it is cut at its head and sent again',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++)
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/o${i}.ts`)] });
        t.answer();
      });
    a.turn(s.text(), (t) => {
      t.call({ tools: [bash(`node o-${s.hex(4)}.js`)] });
      t.call({ status: 400, errorType: 'invalid_request_error' });
      a.conv.messages.splice(0, 4);
      t.call({ maySplit: true, tools: [read('src/last.ts')] });
      t.answer();
    });
    a.exit();
  },
};
