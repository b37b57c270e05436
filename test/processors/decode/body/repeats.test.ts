import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerReader } from '../../../../processors/decode/body/reader.ts';
import type { StreamReader } from '../../../../processors/decode/flavour.ts';
import { MessagesStream } from '../../../../processors/decode/flavours/anthropic.ts';
import { ChatStream } from '../../../../processors/decode/flavours/openai-chat.ts';
import { openaiResponses } from '../../../../processors/decode/flavours/openai-responses.ts';

const HEAD = { method: 'POST', host: '', port: 443, path: '', query: '', headers: new Map(), provider: undefined };
const MATCH = { operation: 'chat', requestType: 'chat' } as const;

interface Step {
  readonly text: string;
  readonly noise: string;
  readonly kind: number;
  readonly index: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  text: fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom('', 'a', '"', '\\', '\n', '},', '":"', 'null', '\\u0041', '\ud800'),
  ),
  noise: fc.oneof(fc.string({ maxLength: 4 }), fc.constant('a')),
  // a text that goes on is what streams are made of, and other events come in rows as well
  kind: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(8) }),
  index: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }),
});

/** One event of a provider's stream, by kind: mostly a text, at times something that changes what a text means. */
type Write = (step: Step, n: number) => object;

const chat: Write = ({ text, noise, kind, index }, n) => {
  const about = { id: 'c', object: 'chat.completion.chunk', created: kind === 7 ? n : 1, model: 'm' };
  const entry = (delta: object, finish: string | null = null): object => ({
    ...about,
    choices: [{ index, delta, logprobs: null, finish_reason: finish }],
    obfuscation: noise,
  });
  switch (kind) {
    case 1:
      return { ...entry({ content: text }), service_tier: noise };
    case 2:
      return entry({ content: text, reasoning_content: noise });
    case 3:
      return entry({ tool_calls: [{ index: 0, id: noise, function: { name: 'f', arguments: text } }] });
    case 4:
      return entry({
        content: [
          { type: 'text', text },
          { type: 'thinking', thinking: noise },
        ],
      });
    case 5:
      return entry({ role: 'assistant', content: text }, noise);
    case 6:
      return { ...about, choices: [], usage: { prompt_tokens: n, completion_tokens: 2 } };
    case 8: {
      const choice = (at: number, content: string): object => ({ index: at, delta: { content }, finish_reason: null });
      return { ...about, choices: [choice(0, text), choice(1, 'always')] };
    }
    default:
      return entry({ content: text });
  }
};

const messages: Write = ({ text, noise, kind, index }) => {
  const delta = (of: object): object => ({ type: 'content_block_delta', index, delta: of });
  switch (kind) {
    case 1:
      return { type: 'content_block_start', index, content_block: { type: 'text', text: noise } };
    case 2:
      return delta({ type: 'thinking_delta', thinking: text });
    case 3:
      return delta({ type: 'input_json_delta', partial_json: text });
    case 4:
      return delta({ type: 'citations_delta', text });
    case 5:
      return { type: 'content_block_stop', index };
    case 6:
      return delta({ type: 'signature_delta', signature: noise });
    case 7:
      return delta({ type: 'text_delta', text, partial_json: 'where there is no text' });
    default:
      return delta({ type: 'text_delta', text });
  }
};

const responses: Write = ({ text, noise, kind, index }, n) => {
  const about = { sequence_number: n, item_id: 'i', output_index: index, content_index: 0 };
  switch (kind) {
    case 1:
      return { type: 'response.output_item.added', ...about, item: { type: 'message', id: noise } };
    case 2:
      return { type: 'response.refusal.delta', ...about, delta: text };
    case 3:
      return {
        type: 'response.output_item.done',
        ...about,
        item: { type: 'message', content: [{ type: 'output_text', text }] },
      };
    case 4:
      return { type: 'response.reasoning_text.delta', ...about, delta: text };
    default:
      return { type: 'response.output_text.delta', ...about, delta: text, logprobs: [], obfuscation: noise };
  }
};

/** What a stream comes to, and how many of its events were parsed. */
function read(make: () => StreamReader, texts: readonly string[], isShort: boolean): { end: unknown; parsed: number } {
  const stream = make();
  const calls: unknown[] = [];
  let parsed = 0;
  const reader = new AnswerReader(
    'text/event-stream',
    true,
    (event, name) => {
      parsed++;
      stream.push(event, name, (call) => calls.push(call));
    },
    isShort ? () => stream.sink : undefined,
  );
  for (const text of texts) reader.push(Buffer.from(`data: ${text}\n\n`));
  reader.end();
  return { end: [stream.end(), calls, reader.unreadable], parsed };
}

const FORMS: readonly (readonly [string, () => StreamReader, Write])[] = [
  ['chat completions', () => new ChatStream(), chat],
  ['messages', () => new MessagesStream(), messages],
  ['responses', () => openaiResponses.stream(HEAD, MATCH), responses],
];

describe.each(FORMS)('a stream of %s', (_name, make, write) => {
  test('comes to the same whether events like the one before are parsed or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(step, fc.integer({ min: 1, max: 6 })), { maxLength: 12 }),
        fc.boolean(),
        (rows, isSpaced) => {
          const steps = rows.flatMap(([one, times]) =>
            Array.from({ length: times }, (_, n) => ({ ...one, text: one.text + ' '.repeat(n >> 2) })),
          );
          // Python writes a space after colons and commas
          const json = (event: object): string =>
            isSpaced ? JSON.stringify(event, undefined, 1).replace(/\n */g, ' ') : JSON.stringify(event);
          const texts = steps.map((one, n) => json(write(one, n)));
          expect(read(make, texts, true).end).toEqual(read(make, texts, false).end);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('is read with few events parsed', () => {
    const texts = Array.from({ length: 200 }, (_, n) =>
      JSON.stringify(write({ text: n % 5 === 0 ? `"${n}"\n` : `word ${n}`, noise: `x${n}`, kind: 0, index: 0 }, n)),
    );
    expect(read(make, texts, true).parsed).toBeLessThan(8);
  });

  test('with texts that are no JSON counts them as it did', () => {
    const good = (text: string): string => JSON.stringify(write({ text, noise: 'x', kind: 0, index: 0 }, 1));
    const bad = ['\t', '\\', '\\x', '\\u12', '"', '","text":"'].map((text) => good('MARK').replace('MARK', text));
    const texts = ['a', 'b', 'c'].map(good).concat(bad, ['d', 'e'].map(good));
    expect(read(make, texts, true).end).toEqual(read(make, texts, false).end);
  });
});

test('a chunk that says something new of the answer is not like the one before', () => {
  const chunk = (tier: string, content: string): string =>
    JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta: { content } }], service_tier: tier });
  const texts = [...'abc'].map((text) => chunk('default', text)).concat(chunk('flex', '"'), chunk('default', 'd'));
  const make = (): StreamReader => new ChatStream();
  expect(read(make, texts, true).end).toEqual(read(make, texts, false).end);
});
