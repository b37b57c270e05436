import type { Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { compact, errorOf, message, parametersOf, textPart } from '../normal.ts';

const PATH = /\/ml\/v\d[^/]*\/(?:deployments\/[^/]+\/)?(?:text\/generation(_stream)?|generation\/text(_stream)?)$/;

/** IBM watsonx text generation; its chat is OpenAI's. Source: cloud.ibm.com/apidocs/watsonx-ai#text-generation (2026-11). */
export const watsonxGenerate = defineFlavour({
  name: 'watsonx.generate',
  match: (head) => {
    const found = head.method === 'POST' ? PATH.exec(head.path) : null;
    if (found === null) return undefined;
    const streaming = (found[1] ?? found[2]) !== undefined;
    return { operation: 'text_completion', requestType: 'completion', streaming };
  },
  request: (body, _head, match) => {
    const input = text(body['input']);
    if (input === undefined) return undefined;
    return {
      model: text(body['model_id']),
      streaming: match.streaming === true,
      messages: [message('user', [textPart(input)])],
      parameters: parametersOf(object(body['parameters'])),
    };
  },
  response: (body) => {
    const stream = new ResultStream();
    stream.push(body);
    return stream.end();
  },
  stream: () => new ResultStream(),
});

/** Each event has the text that is new; input tokens are counted in the first, output tokens up to now. */
class ResultStream implements StreamReader {
  #text = '';
  #model: string | undefined;
  #finish: string | undefined;
  #input: number | undefined;
  #output: number | undefined;
  #error: NormalResponse['error'];
  #answered = false;

  push(event: Json): boolean {
    this.#model ??= text(event['model_id']);
    const failure = list(event['errors'])[0];
    this.#error ??= errorOf(event) ?? (isObject(failure) ? errorOf({ error: failure }) : undefined);
    let words = '';
    for (const result of list(event['results'])) {
      if (!isObject(result)) continue;
      this.#answered = true;
      words += text(result['generated_text']) ?? '';
      const reason = text(result['stop_reason']);
      if (reason !== undefined && reason !== 'not_finished') this.#finish = reason;
      this.#input = Math.max(this.#input ?? 0, number(result['input_token_count']) ?? 0);
      this.#output = Math.max(this.#output ?? 0, number(result['generated_token_count']) ?? 0);
    }
    this.#text += words;
    return words !== '';
  }

  end(): NormalResponse {
    const choice = { index: 0, message: message('assistant', [textPart(this.#text)]), finish: this.#finish };
    return {
      model: this.#model,
      choices: this.#answered ? [choice] : [],
      finishReasons: this.#finish === undefined ? [] : [this.#finish],
      usage: this.#usage(),
      error: this.#error,
    };
  }

  #usage(): Usage | undefined {
    if (this.#input === undefined || this.#output === undefined) return undefined;
    const provider = { input_token_count: this.#input, generated_token_count: this.#output };
    return compact({
      prompt_tokens: this.#input,
      completion_tokens: this.#output,
      total_tokens: this.#input + this.#output,
      provider,
    });
  }
}
