import type { Part, Usage } from '../../../core/index.ts';
import { type CallHead, defineFlavour, type NormalResponse } from '../flavour.ts';
import { isObject, type Json, number, object, text } from '../json.ts';
import { compact, errorOf, mediaPart, message, parametersOf, textPart } from '../normal.ts';

const CREATE = /\/v1\/(?:models\/([^/]+\/[^/]+)\/|deployments\/([^/]+\/[^/]+)\/)?predictions$/;
const ONE = /\/v1\/predictions\/[^/]+$/;

/**
 * Replicate predictions: made by POST (with `prefer: wait` the answer holds the output), looked at by GET. A prediction may be text or an
 * image, which only its output tells: it goes by the word `prediction` and the type `other`. Source: replicate.com/docs/reference/http (2026-11).
 */
export const replicatePredictions = defineFlavour({
  name: 'replicate.predictions',
  match: (head) => {
    if (head.provider?.name !== 'replicate') return undefined;
    const made = head.method === 'POST' ? CREATE.exec(head.path) : null;
    const model = made?.[1] ?? made?.[2];
    if (made !== null) return { operation: 'prediction', requestType: 'other', ...(model !== undefined && { model }) };
    return head.method === 'GET' && ONE.test(head.path)
      ? { operation: 'fetch_response', requestType: 'other' }
      : undefined;
  },
  request: (body, head, match) => {
    const input = object(body['input']);
    const parts = [
      ...(text(input['image']) === undefined ? [] : [mediaPart('image', text(input['image']))]),
      ...(text(input['prompt']) === undefined ? [] : [textPart(String(input['prompt']))]),
    ];
    const system = text(input['system_prompt']);
    const messages = [
      ...(system === undefined ? [] : [message('system', [textPart(system)], { attrs: { separate: true } })]),
      ...(parts.length === 0 ? [] : [message('user', parts)]),
    ];
    return {
      model: match.model ?? text(body['model']) ?? text(body['version']),
      streaming: acceptsStream(head, body),
      ...(messages.length > 0 && { messages }),
      parameters: parametersOf(input),
    };
  },
  response: readPrediction,
  stream: () => {
    let words = '';
    return {
      push: (event) => {
        const piece = text(event['output']) ?? '';
        words += piece;
        return piece !== '';
      },
      end: () => (words === '' ? {} : { choices: [{ index: 0, message: message('assistant', [textPart(words)]) }] }),
    };
  },
});

function acceptsStream(head: CallHead, body: Json): boolean {
  return body['stream'] === true && head.headers.get('accept')?.includes('event-stream') === true;
}

function readPrediction(body: Json): NormalResponse {
  const status = text(body['status']);
  const failure = text(body['error']);
  const parts = outputOf(body['output']);
  const isOver = status !== undefined && !/^(?:starting|processing)$/.test(status);
  return {
    id: text(body['id']),
    model: text(body['model']) ?? text(body['version']),
    choices: parts.length === 0 ? [] : [{ index: 0, message: message('assistant', parts), finish: status }],
    finishReasons: isOver && status !== undefined ? [status] : [],
    usage: usageOf(object(body['metrics'])),
    error:
      status === 'failed' ? { type: 'failed', message: failure } : isObject(body['error']) ? errorOf(body) : undefined,
  };
}

/** Text comes whole or in pieces, files by address. */
function outputOf(output: unknown): Part[] {
  const pieces = (Array.isArray(output) ? output : [output]).filter((piece) => typeof piece === 'string');
  if (pieces.length > 0 && pieces.every((piece) => /^(?:https?:\/\/|data:)/.test(piece)))
    return pieces.map((piece) => mediaPart('image', piece));
  const words = pieces.join('');
  return words === '' ? [] : [textPart(words)];
}

function usageOf(metrics: Json): Usage | undefined {
  const input = number(metrics['input_token_count']);
  const output = number(metrics['output_token_count']);
  if (input === undefined && output === undefined) return undefined;
  return compact({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input === undefined || output === undefined ? undefined : input + output,
    provider: metrics,
  });
}
