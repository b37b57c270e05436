import { beside, read } from '../simulator/tools.mjs';

export default {
  about: 'tokens are counted before every request',
  run(s) {
    const a = s.agent({ provider: 'anthropic', own: true });
    const count = () =>
      beside(
        a,
        '/v1/messages/count_tokens',
        {
          model: a.model,
          messages: a.conv
            .rendered()
            .map((m) => ({ role: m.role, content: m.parts.map((p) => ({ type: 'text', text: p.text ?? 'x' })) })),
        },
        { input_tokens: 1200 },
      );
    a.conv.messages.push({ role: 'user', parts: [{ text: s.text() }] });
    count();
    a.conv.messages.pop();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/cb${i}.ts`)] });
        a.now = t.now;
        count();
        t.now = a.now;
        t.answer();
      });
      count();
      a.wait(900);
    }
    a.exit();
  },
};
