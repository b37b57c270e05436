import { aside, bash } from '../simulator/tools.mjs';

export default {
  about: 'the agent asks its main model for something small beside the turn, without tools',
  run(s) {
    const a = s.agent({ own: true });
    a.turn(s.text(), (t) => {
      t.call({ tools: [bash(`node hm-${s.hex(4)}.js`, { ms: 3000 })] });
      t.answer();
    });
    a.turn(s.text(), (t) => {
      const at = t.now;
      t.call({ tools: [bash(`node hm2-${s.hex(4)}.js`, { ms: 4000 })] });
      aside(a, 'memory', {
        turn: t,
        at: at + 3e9,
        model: a.model,
        system: 'You extract facts that are worth remembering. Answer with a JSON list.',
        prompt: `Facts in: ${s.text(20)}`,
        answer: '[]',
      });
      t.answer();
    });
    a.exit();
  },
};
