import { slow } from '../simulator/tools.mjs';

export default {
  about: 'an agent hands the conversation on to another one with its own system prompt and tools',
  run(s) {
    const a = s.agent(),
      first = a.tools,
      system = a.conv.system;
    for (let i = 0; i < 2; i++) {
      a.conv.system = system;
      a.tools = first;
      a.turn(s.text(), (t) => {
        t.call({ text: null, tools: [slow('transfer_to_billing', 2, { target: 'billing' })] });
        a.conv.system = 'You are the billing agent.';
        a.tools = [{ name: 'refund', about: 'Refunds.', input: { order: 'x' } }];
        t.call({ tools: [slow('refund', 60, { target: s.hex(5) })] });
        t.answer();
      });
      a.wait(1500);
    }
    a.exit();
  },
};
