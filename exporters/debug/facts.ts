import type { Attribute, SpanRecord } from '../../core/index.ts';
import { dollars, withCommas } from './text.ts';

export type Verbosity = 'basic' | 'normal' | 'detailed';

/** One thing to know about a span. `tone` says how it should catch the eye. Not yet safe to print. */
export interface Fact {
  readonly text: string;
  readonly tone: 'plain' | 'dim' | 'mark' | 'warn' | 'error';
}

/** Sums over the model calls below a span. */
export interface Totals {
  readonly tokens: number;
  readonly costUsd: number;
}

const MODEL_CALLS = new Set(['chat', 'generate_content', 'text_completion', 'embeddings']);
const LONGEST_VALUE = 200;

export class Attributes {
  readonly #values = new Map<string, Attribute['value']>();

  constructor(attributes: readonly Attribute[]) {
    for (const { key, value } of attributes) this.#values.set(key, value);
  }

  text(key: string): string | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string') return value;
    return Array.isArray(value) ? value.join(' ') : String(value);
  }

  number(key: string): number | undefined {
    const value = this.#values.get(key);
    return typeof value === 'number' ? value : undefined;
  }

  isTrue(key: string): boolean {
    return this.#values.get(key) === true;
  }

  list(key: string): readonly string[] | undefined {
    const value = this.#values.get(key);
    return Array.isArray(value) ? value : undefined;
  }
}

/** Tokens and cost of one span, when it is a model call; nothing for others, so that a sum counts each call once. */
export function usageOf(attributes: Attributes): Totals {
  if (!MODEL_CALLS.has(attributes.text('gen_ai.operation.name') ?? '')) return { tokens: 0, costUsd: 0 };
  const tokens =
    (attributes.number('gen_ai.usage.input_tokens') ?? 0) + (attributes.number('gen_ai.usage.output_tokens') ?? 0);
  return { tokens, costUsd: attributes.number('oisp.cost.total_usd') ?? 0 };
}

/** What a line says behind the name, the eye-catchers first. `links` are its links in words. */
export function factsOf(
  span: SpanRecord,
  attributes: Attributes,
  verbosity: Verbosity,
  below: Totals,
  links: readonly string[],
): Fact[] {
  const facts: Fact[] = [];
  const add = (text: string | undefined, tone: Fact['tone'] = 'plain'): void => {
    if (text !== undefined && text !== '') facts.push({ text: text.slice(0, LONGEST_VALUE), tone });
  };
  const operation = attributes.text('gen_ai.operation.name');
  if (span.status !== undefined) {
    const kind = attributes.text('error.type');
    const message = span.status.message;
    add(
      `✗ ${[kind, message === kind ? undefined : message].filter((t) => t !== undefined && t !== '').join(': ') || 'error'}`,
      'error',
    );
  }
  if (attributes.isTrue('oisp.effect.unexplained')) add('⚠ unexplained', 'warn');
  if (operation === 'invoke_agent' && span.parentSpanId !== undefined) add('sub-agent', 'mark');
  if (attributes.isTrue('oisp.side_call')) add('side call', 'mark');
  if (verbosity === 'basic') return facts;

  tokens(attributes, operation, below, add);
  const finish = attributes.text('gen_ai.response.finish_reasons');
  if (finish !== undefined) add(`finish: ${finish}`);
  if (operation !== undefined) add(attributes.text('gen_ai.tool.call.id'), 'dim');
  for (const link of links) add(link, 'dim');
  effects(span.name, attributes, add);
  const count = attributes.number('oisp.count');
  if (count !== undefined && count > 1) add(`×${withCommas(count)}`);
  const ended = attributes.text('oisp.span.end_reason');
  if (ended !== undefined) add(`ended: ${ended}`, 'dim');
  if (verbosity === 'detailed') {
    const rule = attributes.text('oisp.correlation.rule');
    const confidence = attributes.text('oisp.correlation.confidence');
    if (rule !== undefined || confidence !== undefined)
      add(`(evidence: ${[rule, confidence].filter((t) => t !== undefined).join(', ')})`, 'dim');
    add(`span ${span.spanId}`, 'dim');
  }
  return facts;
}

type Add = (text: string | undefined, tone?: Fact['tone']) => void;

function tokens(attributes: Attributes, operation: string | undefined, below: Totals, add: Add): void {
  const input = attributes.number('gen_ai.usage.input_tokens');
  const output = attributes.number('gen_ai.usage.output_tokens');
  if (operation === 'invoke_agent') {
    const all = input === undefined && output === undefined ? below.tokens : (input ?? 0) + (output ?? 0);
    if (all > 0) add(`${withCommas(all)} tokens`);
  } else if (input !== undefined || output !== undefined) {
    add(`${input === undefined ? '?' : withCommas(input)} → ${output === undefined ? '?' : withCommas(output)} tokens`);
  }
  const cost = attributes.number('oisp.cost.total_usd') ?? (operation === 'invoke_agent' ? below.costUsd : 0);
  if (cost > 0) add(dollars(cost));
}

function effects(name: string, attributes: Attributes, add: Add): void {
  const exit = attributes.number('process.exit.code');
  if (exit !== undefined) add(`exit ${exit}`, exit === 0 ? 'plain' : 'error');
  const executable = attributes.text('process.executable.name');
  if (executable !== undefined && !name.includes(executable)) add(executable);
  const args = attributes.list('process.command_args');
  if (args !== undefined && args.length > 1) add(args.slice(1).join(' '), 'dim');
  const path = attributes.text('file.path');
  if (path !== undefined && !name.includes(path)) add(path);
  const bytes = attributes.number('oisp.file.bytes');
  if (bytes !== undefined) add(`${withCommas(bytes)} bytes`);
  const isEffect = attributes.text('gen_ai.operation.name') === undefined;
  const host = attributes.text('server.address') ?? attributes.text('network.peer.address');
  const port = attributes.number('server.port') ?? attributes.number('network.peer.port');
  if (isEffect && host !== undefined) {
    const at = port === undefined ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
    if (!name.includes(at)) add(at);
    const peer = attributes.text('network.peer.address');
    if (peer !== undefined && peer !== host) add(peer, 'dim');
  }
  const question = attributes.text('dns.question.name');
  if (question !== undefined && !name.includes(question)) add(question);
}
