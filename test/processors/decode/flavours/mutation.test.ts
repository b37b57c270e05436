import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallHead } from '../../../../processors/decode/flavour.ts';
import { flavours } from '../../../../processors/decode/flavours/index.ts';

/** Names that flavours look for, and values of every kind in their places. */
const KEYS =
  'model messages role content type text tool_calls function name arguments id input output items delta choices message index finish_reason usage error code candidates parts functionCall functionResponse steps step outputs inputs contents system tools tool_results event_type response item output_index content_block usageMetadata done thinking summary action result image_url file audio reasoning_details base_resp x_groq meta billed_units tokens details token predictions statistics embeddings generations citations annotations instances prompt query pages metrics status stream'.split(
    ' ',
  );
const WORDS = fc.constantFrom(
  ...'assistant user tool model function_call message reasoning text tool_use tool_result server_tool_use web_search_call mcp_call image image_url function_result model_output thought content_block_start content_block_delta content_block_stop message_delta message_start response.output_item.done response.output_item.added response.completed response.output_text.delta tool-call-start tool-call-delta content-delta message-end stream-end step.start step.delta content.delta message.output.delta function.call.delta conversation.response.done input_json_delta text_delta {"a":1} computer_call_output compaction'.split(
    ' ',
  ),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    WORDS,
    fc.constantFrom(null, true, 0, -1, 1e300, '', 'x'),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('json'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));
const body = fc.dictionary(fc.constantFrom(...KEYS), json, { maxKeys: 9, noNullPrototype: true });

const head: CallHead = {
  method: 'POST',
  host: 'x.example.com',
  port: 443,
  path: '/v1/x',
  query: '',
  headers: new Map(),
  provider: { oisp: 'other', otel: 'x', name: 'x' },
};
const match = { operation: 'chat', requestType: 'chat' } as const;

describe.each(flavours.map((flavour) => ({ name: flavour.name, flavour })))('$name', ({ flavour }) => {
  it('reads any JSON without throwing, and what it gives can be written', () => {
    fc.assert(
      fc.property(body, fc.array(body, { maxLength: 6 }), (one, events) => {
        const stream = flavour.stream(head, match);
        for (const event of events) stream.push(event, undefined, (call) => expect(typeof call.name).toBe('string'));
        const all = [flavour.request(one, head, match), flavour.response(one, head, match), stream.end()];
        for (const read of all) {
          expect(() => JSON.stringify(read)).not.toThrow();
          for (const choice of (read as { choices?: { message: { parts?: unknown } }[] } | undefined)?.choices ?? [])
            expect(Array.isArray(choice.message.parts)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
