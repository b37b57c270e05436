import { bash, hedged, read } from '../simulator/tools.mjs';

export default {
  about: 'the same request goes out twice at once; the slower one is dropped',
  run(s) {
    const a = s.agent();
    a.turn(s.text(), (t) => {
      hedged(t, { tools: [read('src/h.ts')] });
      hedged(t, { tools: [bash('node h.js')] });
      hedged(t, { text: s.text(30) });
    });
    a.turn(s.text(), (t) => {
      hedged(t, { text: s.text(30) });
    });
    a.exit();
  },
};
