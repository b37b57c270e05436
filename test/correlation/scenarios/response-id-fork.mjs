import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'with previous_response_id the user goes back and both branches go on',
  run(s) {
    const a = s.agent({ provider: 'responses', previousIds: true, headers: false });
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      t.call({ tools: [read('src/pf.ts')] });
      t.answer();
    });
    const one = a.conv;
    a.wait(1500);
    a.rewind(2);
    a.turn(s.text(), (t) => {
      t.call({ tools: [bash(`node pf-${s.hex(4)}.js`)] });
      t.answer();
    });
    const two = a.conv;
    for (const conv of [one, two, one]) {
      a.wait(900);
      a.conv = conv;
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/${s.hex(4)}.ts`)] });
        t.answer();
      });
    }
    a.exit();
  },
};
