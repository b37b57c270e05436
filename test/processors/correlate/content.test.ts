import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AiRequestData, Message, OispEvent } from '../../../core/index.ts';
import { makeEvent } from '../../../core/testing/index.ts';
import { type ContentOptions, inputMessages, jsonValue } from '../../../processors/correlate/content.ts';
import { attribute, correlate, Story, user } from './story.ts';

const options: ContentOptions = { mode: 'span', inputMessages: 'delta', maxAttributeBytes: 16_384 };

function request(messages: readonly Message[]): OispEvent<AiRequestData> {
  const data: AiRequestData = {
    request_id: 'r',
    provider: { name: 'openai' },
    request_type: 'chat',
    streaming: false,
    messages,
  };
  return { ...makeEvent(1), data };
}

test('content stays valid JSON within its bound, whatever the messages hold', () => {
  const message = fc.record({
    role: fc.constantFrom('user' as const, 'assistant' as const),
    content: fc.string({ unit: 'binary', maxLength: 600 }),
  });
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 400, max: 4000 }),
      (messages, maxAttributeBytes) => {
        const text = inputMessages(request(messages), 0, { ...options, maxAttributeBytes });
        expect(text).toBeDefined();
        expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(maxAttributeBytes);
        const parsed: unknown = JSON.parse(text ?? '');
        expect(Array.isArray(parsed) && parsed.length > 0).toBe(true);
      },
    ),
  );
});

test('a value that is too long is told by its size and beginning', () => {
  const text = jsonValue('x'.repeat(1000), { ...options, maxAttributeBytes: 400 });
  expect(JSON.parse(text ?? '')).toMatchObject({ type: 'oisp.truncated', bytes: 1000, head: 'x'.repeat(100) });
});

test('the second call shows only what the first had not sent, also beside a separate system prompt', async () => {
  const s = new Story();
  const system: Message = { role: 'system', content: 'Be brief.', attrs: { separate: true } };
  const one = [system, user('hello there')];
  s.ask(10, 'r1', one);
  const hi = s.answer(10, 'r1', 'Hi.');
  s.ask(10, 'r2', [...one, hi, user('and now the second')]);
  s.answer(10, 'r2', 'Done.');
  const { spans } = await correlate(s.events);
  const calls = spans
    .filter((x) => x.name === 'chat big-model')
    .map((x) => JSON.parse(String(attribute(x, 'gen_ai.input.messages'))));
  const said = (list: { parts: { content: string }[] }[]): string[] =>
    list.flatMap((m) => m.parts.map((p) => p.content));
  expect(calls.map(said)).toEqual([['hello there'], ['Hi.', 'and now the second']]);
  const roots = spans.filter((x) => x.parentSpanId === undefined);
  expect(roots.map((x) => said(JSON.parse(String(attribute(x, 'gen_ai.input.messages')))))).toEqual([
    ['hello there'],
    ['and now the second'],
  ]);
});
