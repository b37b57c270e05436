import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMatcher } from '../../../../core/index.ts';
import { makeEvent } from '../../../../core/testing/index.ts';
import { Histories } from '../../../../processors/decode/body/history.ts';
import type { CallHead, Flavour } from '../../../../processors/decode/flavour.ts';
import { anthropicMessages } from '../../../../processors/decode/flavours/anthropic.ts';
import { googleGenerate } from '../../../../processors/decode/flavours/google.ts';
import { openaiChat } from '../../../../processors/decode/flavours/openai-chat.ts';
import { openaiResponses } from '../../../../processors/decode/flavours/openai-responses.ts';

const filler = 'many words, '.repeat(40);
const key = Buffer.alloc(32, 3);

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly call: string | undefined;
}

/** The same conversation as each API writes it. */
const APIS: readonly { flavour: Flavour; body: (system: string, turns: readonly Turn[]) => object }[] = [
  {
    flavour: openaiChat,
    body: (system, turns) => ({
      model: 'm',
      messages: [
        ...(system === '' ? [] : [{ role: 'system', content: system }]),
        ...turns.map(({ role, text, call }) => ({
          role,
          content: text,
          ...(call && { tool_calls: [{ id: call, type: 'function', function: { name: 'read', arguments: '{}' } }] }),
        })),
      ],
    }),
  },
  {
    flavour: anthropicMessages,
    body: (system, turns) => ({
      model: 'm',
      max_tokens: 10,
      messages: turns.map(({ role, text, call }) => ({
        role,
        content: [
          { type: 'text', text },
          ...(call ? [{ type: 'tool_use', id: call, name: 'read', input: {} }] : []),
          ...(text.length % 3 === 0 ? [{ type: 'image', source: { type: 'base64', data: 'AAAA' } }] : []),
        ],
      })),
      ...(system !== '' && { system: [{ type: 'text', text: system }] }),
    }),
  },
  {
    flavour: openaiResponses,
    body: (system, turns) => ({
      model: 'm',
      instructions: system,
      input: turns.map(({ role, text }) => ({ type: 'message', role, content: text })),
    }),
  },
  {
    flavour: googleGenerate,
    body: (system, turns) => ({
      ...(system !== '' && { systemInstruction: { parts: [{ text: system }] } }),
      contents: turns.map(({ role, text }) => ({ role: role === 'user' ? 'user' : 'model', parts: [{ text }] })),
    }),
  },
];

const turn = fc.record<Turn>({
  role: fc.constantFrom('user', 'assistant'),
  text: fc.string({ minLength: 1, maxLength: 30 }).map((text) => text + filler),
  call: fc.option(fc.string({ minLength: 1, maxLength: 5 }), { nil: undefined }),
});
const step = fc.tuple(fc.array(turn, { maxLength: 3 }), fc.nat(2), fc.constantFrom('', 'You help.', 'You help well.'));

test.each(APIS)('requests that go on are read as they would be alone: $flavour.name', ({ flavour, body }) => {
  const head: CallHead = {
    method: 'POST',
    host: 'h',
    port: 443,
    path: '/v1/x:generateContent',
    query: '',
    headers: new Map(),
    provider: undefined,
    guess: undefined,
    unresolved: undefined,
  };
  const match = { operation: 'chat', requestType: 'chat' } as const;
  void fc.assert(
    fc.property(fc.array(turn, { minLength: 10, maxLength: 12 }), fc.array(step, { maxLength: 6 }), (start, steps) => {
      const histories = new Histories(1 << 20);
      const matcher = createMatcher(key);
      let turns = start;
      for (const [more, cut, system] of steps) {
        turns = [...turns.slice(0, turns.length - cut), ...more];
        const bytes = Buffer.from(JSON.stringify(body(system, turns)));
        const seen = flavour.request(histories.parse(bytes, 'a', String) as object as never, head, match);
        const alone = flavour.request(JSON.parse(bytes.toString()), head, match);
        expect(seen).toBeDefined();
        expect(seen).toEqual(alone);
        const keysOf = (by: typeof matcher, request: typeof seen): unknown =>
          by.stamp(makeEvent(1, { event_type: 'ai.request', data: { ...request } })).attrs;
        expect(keysOf(matcher, seen)).toEqual(keysOf(createMatcher(key), alone));
      }
    }),
    { numRuns: 60 },
  );
});
