import { parseMillis } from '../event/time.ts';
import type { Usage } from '../event/types.ts';
import type { Price, Rates } from './provider.ts';

/** What a call cost, in US dollars. A part is left out where its tokens are not known. */
export interface Cost {
  readonly input?: number;
  readonly output?: number;
  readonly total: number;
}

/** Tokens of a call, with what only some providers tell apart. */
export interface BilledUsage
  extends Pick<
    Usage,
    | 'prompt_tokens'
    | 'completion_tokens'
    | 'total_tokens'
    | 'cached_tokens'
    | 'reasoning_tokens'
    | 'cache_creation_tokens'
  > {
  /** Those of `cache_creation_tokens` that were written for an hour. */
  readonly cache_creation_1h_tokens?: number;
}

const PER_TOKEN = 1e-6;

/**
 * What tokens cost. `prompt_tokens` include those read from and written to a cache. Undefined where the price has no rate for tokens that
 * were used, or no tokens are known.
 */
export function costOf(usage: BilledUsage, price: Price): Cost | undefined {
  const prompt = count(usage.prompt_tokens);
  const completion = count(usage.completion_tokens);
  if (prompt === undefined && completion === undefined) return undefined;
  const rates = ratesFor(price, prompt ?? 0);
  const input = prompt === undefined ? undefined : inputCost(usage, prompt, rates);
  const output = completion === undefined ? undefined : outputCost(usage, completion, rates);
  if (Number.isNaN(input) || Number.isNaN(output)) return undefined;
  const total = rounded((input ?? 0) + (output ?? 0));
  if (input === undefined) return output === undefined ? { total } : { output: rounded(output), total };
  return output === undefined
    ? { input: rounded(input), total }
    : { input: rounded(input), output: rounded(output), total };
}

/** The price that holds at a time (RFC 3339): the last one in the list whose conditions are met. */
export function priceAt(prices: readonly Price[], ts: string): Price | undefined {
  for (let i = prices.length - 1; i >= 0; i--) {
    const price = prices[i];
    if (price === undefined) continue;
    const isAlways = price.since === undefined && price.hours === undefined;
    if (isAlways || holds(price, parseMillis(ts))) return price;
  }
  return undefined;
}

function holds({ since, hours }: Price, ms: number): boolean {
  if (since !== undefined && !(ms >= Date.parse(since))) return false;
  if (hours === undefined) return true;
  const [from, to] = minutesOf(hours);
  const now = Math.floor(ms / 60_000) % 1440;
  return from <= to ? now >= from && now < to : now >= from || now < to;
}

function minutesOf(hours: string): [number, number] {
  const [, h1, m1, h2, m2] = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(hours) ?? [];
  return [Number(h1) * 60 + Number(m1), Number(h2) * 60 + Number(m2)];
}

function ratesFor(price: Price, prompt: number): Rates {
  let rates: Rates = price;
  for (const long of price.above ?? []) if (prompt > long.tokens) rates = { ...price, ...long };
  return rates;
}

function inputCost(usage: BilledUsage, prompt: number, rates: Rates): number {
  const read = Math.min(count(usage.cached_tokens) ?? 0, prompt);
  const written = Math.min(count(usage.cache_creation_tokens) ?? 0, prompt - read);
  const writtenLong = Math.min(count(usage.cache_creation_1h_tokens) ?? 0, written);
  const { input } = rates;
  const write = rates.cache_write ?? input;
  return (
    of(prompt - read - written, input) +
    of(read, rates.cache_read ?? input) +
    of(written - writtenLong, write) +
    of(writtenLong, rates.cache_write_1h ?? write)
  );
}

/** Reasoning tokens are part of the completion, but beside it where only so the total comes out (Gemini, xAI). */
function outputCost(usage: BilledUsage, completion: number, rates: Rates): number {
  const reasoning = count(usage.reasoning_tokens) ?? 0;
  const isBeside = reasoning > 0 && usage.total_tokens === (count(usage.prompt_tokens) ?? 0) + completion + reasoning;
  const inside = isBeside ? 0 : Math.min(reasoning, completion);
  return of(completion - inside, rates.output) + of(isBeside ? reasoning : inside, rates.reasoning ?? rates.output);
}

/** What tokens cost at a rate; NaN where they have none. */
function of(tokens: number, rate: number | undefined): number {
  return tokens === 0 ? 0 : tokens * (rate ?? Number.NaN) * PER_TOKEN;
}

function count(tokens: number | undefined): number | undefined {
  return tokens !== undefined && Number.isFinite(tokens) && tokens >= 0 ? tokens : undefined;
}

/** Without the noise of binary fractions. */
function rounded(dollars: number): number {
  return Number(dollars.toPrecision(12));
}
