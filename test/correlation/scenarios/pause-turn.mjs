import { bash, stopping } from '../simulator/tools.mjs';

export default {
  about: 'the provider pauses a long answer; it is sent back as it is and goes on',
  run(s) {
    const a = s.agent({ provider: 'anthropic' });
    a.turn(s.text(), (t) => {
      stopping(a, 'pause_turn', () => t.answer());
      t.call({ tools: [bash('node pt.js')] });
      stopping(a, 'pause_turn', () => t.answer());
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
