import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { sseText } from '../capture.ts';
import { call } from './call.ts';

/** Random streams of legal events, put together by us and by the official SDKs. */
const answering = (events: readonly unknown[]) => async (): Promise<Response> =>
  new Response(events.map(sseText).join(''), { headers: { 'content-type': 'text/event-stream' } });

const pieces = fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 4 });
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const args = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.oneof(fc.string(), fc.integer(), fc.boolean()), {
  maxKeys: 3,
});

/** A text in pieces of these lengths. */
function cut(text: string, sizes: readonly number[]): string[] {
  const out: string[] = [];
  let at = 0;
  for (const size of sizes) {
    out.push(text.slice(at, at + size));
    at += size;
  }
  out.push(text.slice(at));
  return out.filter((piece) => piece !== '');
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 });
const tool = fc.record({ id: fc.uuid().map((id) => `call_${id}`), name, args, sizes });
const usage = fc.record({ input: fc.nat(9999), output: fc.nat(9999), cached: fc.nat(99) });

const choice = fc.record({
  text: pieces,
  refusal: pieces,
  tools: fc.uniqueArray(tool, { maxLength: 3, selector: (t) => t.id }),
  finish: fc.constantFrom('stop', 'length', 'content_filter', 'tool_calls'),
});

describe('an answer that was put together equals that of the SDK', () => {
  it('openai: finalChatCompletion', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(choice, { minLength: 1, maxLength: 2 }),
        usage,
        fc.infiniteStream(fc.nat(9)),
        async (choices, used, order) => {
          const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-x' };
          const queues = choices.map((one, index) => {
            const deltas: object[] = [{ role: 'assistant', content: '' }];
            deltas.push(...one.text.map((content) => ({ content })), ...one.refusal.map((refusal) => ({ refusal })));
            for (const [at, t] of one.tools.entries()) {
              const start = { index: at, id: t.id, type: 'function', function: { name: t.name, arguments: '' } };
              deltas.push({ tool_calls: [start] });
              for (const piece of cut(JSON.stringify(t.args), t.sizes))
                deltas.push({ tool_calls: [{ index: at, function: { arguments: piece } }] });
            }
            const chunks = deltas.map((delta) => ({ ...head, choices: [{ index, delta, finish_reason: null }] }));
            return [...chunks, { ...head, choices: [{ index, delta: {}, finish_reason: one.finish }] }];
          });
          const events: unknown[] = [];
          while (queues.some((queue) => queue.length > 0)) {
            const queue = queues[(order.next().value ?? 0) % queues.length];
            const chunk = queue?.shift();
            if (chunk !== undefined) events.push(chunk);
          }
          const counted = {
            prompt_tokens: used.input,
            completion_tokens: used.output,
            total_tokens: used.input + used.output,
            prompt_tokens_details: { cached_tokens: used.cached },
          };
          events.push({ ...head, choices: [], usage: counted }, '[DONE]');
          const body = { model: 'gpt-x', stream: true, messages: [{ role: 'user' as const, content: 'hi' }] };
          const client = new OpenAI({ apiKey: 'k', fetch: answering(events) });
          const theirs = await client.chat.completions.stream({ ...body, stream: true }).finalChatCompletion();
          const ours = call({ host: 'api.openai.com', path: '/v1/chat/completions', body, events });
          expect(ours.response.provider_request_id).toBe(theirs.id);
          expect(ours.response.usage?.provider).toEqual(theirs.usage);
          expect(ours.responseEvent?.attrs?.['gen_ai.response.finish_reasons']).toEqual(
            theirs.choices.map((c) => c.finish_reason),
          );
          for (const [i, their] of theirs.choices.entries()) {
            const our = ours.response.choices?.[i]?.message;
            expect(our?.content ?? '').toBe(their.message.content ?? '');
            const refusal = our?.parts?.find((part) => part.type === 'other');
            expect(refusal?.content ?? '').toBe(their.message.refusal ?? '');
            expect(our?.parts?.filter((part) => part.type === 'tool_call')).toEqual(
              (their.message.tool_calls ?? []).map((t) => ({
                type: 'tool_call',
                id: t.id,
                name: t.function.name,
                arguments: JSON.parse(t.function.arguments),
              })),
            );
          }
          expect(ours.calls.map((c) => c.call_id).sort()).toEqual(
            theirs.choices.flatMap((c) => (c.message.tool_calls ?? []).map((t) => t.id)).sort(),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('openai: the snapshots of a response, also of one that lists no output at its end', async () => {
    const item = fc.oneof(
      fc.record({ kind: fc.constant('message' as const), text: pieces }),
      fc.record({ kind: fc.constant('function_call' as const), tool }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        async (items, listed, finished) => {
          let sequence = 0;
          const events: object[] = [];
          const add = (type: string, more: object): void => {
            events.push({ type, sequence_number: sequence++, ...more });
          };
          const base = { id: 'resp_1', object: 'response', model: 'gpt-x', created_at: 1, error: null };
          add('response.created', { response: { ...base, status: 'in_progress', output: [] } });
          const output: object[] = [];
          for (const [output_index, one] of items.entries()) {
            const last = output_index === items.length - 1;
            if (one.kind === 'message') {
              const start = {
                type: 'message',
                id: `msg_${output_index}`,
                role: 'assistant',
                status: 'in_progress',
                content: [],
              };
              add('response.output_item.added', { output_index, item: start });
              const at = { output_index, content_index: 0, item_id: start.id };
              add('response.content_part.added', { ...at, part: { type: 'output_text', text: '', annotations: [] } });
              for (const delta of one.text) add('response.output_text.delta', { ...at, delta, logprobs: [] });
              const part = { type: 'output_text', text: one.text.join(''), annotations: [] };
              const done = { ...start, status: 'completed', content: [part] };
              output.push(done);
              if (finished || !last) add('response.output_item.done', { output_index, item: done });
            } else {
              const words = JSON.stringify(one.tool.args);
              const start = {
                type: 'function_call',
                id: `fc_${output_index}`,
                call_id: one.tool.id,
                name: one.tool.name,
                arguments: '',
              };
              add('response.output_item.added', { output_index, item: start });
              for (const delta of cut(words, one.tool.sizes))
                add('response.function_call_arguments.delta', { output_index, item_id: start.id, delta });
              const done = { ...start, arguments: words, status: 'completed' };
              output.push(done);
              if (finished || !last) add('response.output_item.done', { output_index, item: done });
            }
          }
          if (finished)
            add('response.completed', { response: { ...base, status: 'completed', output: listed ? output : [] } });
          const texts = new Map<number, string>();
          const calls = new Map<number, string>();
          const client = new OpenAI({ apiKey: 'k', fetch: answering(events) });
          const stream = client.responses.stream({ model: 'gpt-x', input: 'hi' });
          stream.on('response.output_text.delta', (event) => texts.set(event.output_index, event.snapshot));
          stream.on('response.function_call_arguments.delta', (event) => calls.set(event.output_index, event.snapshot));
          await stream.done();
          const body = { model: 'gpt-x', stream: true, input: 'hi' };
          const ours = call({ host: 'api.openai.com', path: '/v1/responses', body, events });
          expect(ours.text ?? '').toBe(
            [...texts]
              .sort(([a], [b]) => a - b)
              .map(([, text]) => text)
              .join(''),
          );
          expect((ours.response.tool_calls ?? []).map((t) => t.arguments)).toEqual(
            [...calls].sort(([a], [b]) => a - b).map(([, text]) => JSON.parse(text)),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('anthropic: finalMessage', async () => {
    const block = fc.oneof(
      fc.record({ kind: fc.constant('text' as const), text: pieces }),
      fc.record({ kind: fc.constant('thinking' as const), text: pieces }),
      fc.record({ kind: fc.constantFrom('tool_use' as const, 'server_tool_use' as const), tool }),
    );
    const stop = fc.constantFrom('end_turn', 'max_tokens', 'tool_use', 'pause_turn', 'refusal', 'stop_sequence');
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { minLength: 1, maxLength: 5 }),
        usage,
        stop,
        async (blocks, used, stop_reason) => {
          const counts = { input_tokens: used.input, cache_read_input_tokens: used.cached, output_tokens: 1 };
          const start = {
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            model: 'claude-x',
            content: [],
            stop_reason: null,
            usage: counts,
          };
          const events: object[] = [{ type: 'message_start', message: start }];
          for (const [index, one] of blocks.entries()) {
            if (one.kind === 'text' || one.kind === 'thinking') {
              const empty = one.kind === 'text' ? { text: '' } : { thinking: '', signature: '' };
              events.push({ type: 'content_block_start', index, content_block: { type: one.kind, ...empty } });
              for (const piece of one.text)
                events.push({
                  type: 'content_block_delta',
                  index,
                  delta: { type: `${one.kind}_delta`, [one.kind]: piece },
                });
            } else {
              const empty = { type: one.kind, id: one.tool.id, name: one.tool.name, input: {} };
              events.push({ type: 'content_block_start', index, content_block: empty }, { type: 'ping' });
              for (const partial_json of cut(JSON.stringify(one.tool.args), one.tool.sizes))
                events.push({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json } });
            }
            events.push({ type: 'content_block_stop', index });
          }
          events.push(
            { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: used.output } },
            { type: 'message_stop' },
          );
          const body = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user' as const, content: 'hi' }] };
          const client = new Anthropic({ apiKey: 'k', fetch: answering(events) });
          const theirs = await client.messages.stream(body).finalMessage();
          const ours = call({
            host: 'api.anthropic.com',
            path: '/v1/messages',
            body: { ...body, stream: true },
            events,
          });
          const mapped = theirs.content.map((their) => {
            if (their.type === 'text') return { type: 'text', content: their.text };
            if (their.type === 'thinking') return { type: 'reasoning', content: their.thinking };
            if (their.type !== 'tool_use' && their.type !== 'server_tool_use') throw new Error(their.type);
            const of = { type: 'tool_call', id: their.id, name: their.name, arguments: their.input };
            return their.type === 'tool_use' ? of : { ...of, server: true };
          });
          expect(ours.response.choices?.[0]?.message.parts).toEqual(mapped);
          expect(ours.response.usage?.provider).toEqual(theirs.usage);
          expect(ours.responseEvent?.attrs?.['gen_ai.response.finish_reasons']).toEqual([theirs.stop_reason]);
          const asked = theirs.content.filter((their) => their.type === 'tool_use').map((their) => their.id);
          expect(ours.calls.map((c) => c.call_id)).toEqual(asked);
        },
      ),
      { numRuns: 40 },
    );
  });
});
