import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BilledUsage, costOf, type Price, priceAt } from '../../../core/index.ts';

const PRICE: Price = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 };

describe('a call costs', () => {
  test.each<[string, BilledUsage, Price, object | undefined]>([
    [
      'input and output',
      { prompt_tokens: 1000, completion_tokens: 100 },
      PRICE,
      { input: 0.003, output: 0.0015, total: 0.0045 },
    ],
    [
      'less for what was read from a cache, which is part of the prompt',
      { prompt_tokens: 1000, cached_tokens: 800, completion_tokens: 0 },
      PRICE,
      { input: 0.00084, output: 0, total: 0.00084 },
    ],
    [
      'more for what was written to a cache',
      { prompt_tokens: 1000, cached_tokens: 500, cache_creation_tokens: 400, completion_tokens: 0 },
      PRICE,
      { input: 0.00195, output: 0, total: 0.00195 },
    ],
    [
      'most for what stays there for an hour',
      { prompt_tokens: 1000, cache_creation_tokens: 400, cache_creation_1h_tokens: 300 },
      PRICE,
      { input: 0.003975, total: 0.003975 },
    ],
    [
      'as input where a cache has no rate',
      { prompt_tokens: 1000, cached_tokens: 800 },
      { input: 3 },
      { input: 0.003, total: 0.003 },
    ],
    [
      'nothing for a model that is free',
      { prompt_tokens: 10, completion_tokens: 10 },
      { input: 0, output: 0 },
      { input: 0, output: 0, total: 0 },
    ],
    [
      'input alone for embeddings',
      { prompt_tokens: 1_000_000, completion_tokens: 0 },
      { input: 0.02 },
      { input: 0.02, output: 0, total: 0.02 },
    ],
    [
      'what nobody knows without a rate for its tokens',
      { prompt_tokens: 10, completion_tokens: 10 },
      { input: 1 },
      undefined,
    ],
    ['what nobody knows without tokens', {}, PRICE, undefined],
    [
      'what nobody knows with tokens that are no numbers',
      { prompt_tokens: Number.NaN, completion_tokens: -1 },
      PRICE,
      undefined,
    ],
    [
      'reasoning as output where it is part of it',
      { prompt_tokens: 10, completion_tokens: 1000, reasoning_tokens: 900, total_tokens: 1010 },
      { input: 0, output: 10 },
      { input: 0, output: 0.01, total: 0.01 },
    ],
    [
      'reasoning beside output where only so the total comes out',
      { prompt_tokens: 10, completion_tokens: 100, reasoning_tokens: 900, total_tokens: 1010 },
      { input: 0, output: 10 },
      { input: 0, output: 0.01, total: 0.01 },
    ],
    [
      'reasoning at its own rate',
      { prompt_tokens: 0, completion_tokens: 1000, reasoning_tokens: 900, total_tokens: 1000 },
      { input: 0, output: 8, reasoning: 3 },
      { input: 0, output: 0.0035, total: 0.0035 },
    ],
  ])('%s', (_what, usage, price, want) => {
    expect(costOf(usage, price)).toEqual(want);
  });

  const long: Price = {
    input: 1,
    output: 10,
    cache_read: 0.1,
    above: [
      { tokens: 1000, input: 2, output: 20, cache_read: 0.2 },
      { tokens: 5000, input: 4, output: 40 },
    ],
  };
  test.each([
    [1000, { input: 0.001, output: 0.001, total: 0.002 }],
    [1001, { input: 0.002002, output: 0.002, total: 0.004002 }],
    [5001, { input: 0.020004, output: 0.004, total: 0.024004 }],
  ])('the long price for all tokens of a prompt of %i', (prompt_tokens, want) => {
    expect(costOf({ prompt_tokens, completion_tokens: 100 }, long)).toEqual(want);
  });

  test('never less than nothing, and never more than all tokens at the highest rate', () => {
    const tokens = fc.option(fc.nat(1_000_000), { nil: undefined });
    fc.assert(
      fc.property(
        tokens,
        tokens,
        tokens,
        tokens,
        tokens,
        tokens,
        (prompt_tokens, completion_tokens, cached, created, long1h, reasoning) => {
          const usage = Object.fromEntries(
            Object.entries({
              prompt_tokens,
              completion_tokens,
              cached_tokens: cached,
              cache_creation_tokens: created,
              cache_creation_1h_tokens: long1h,
              reasoning_tokens: reasoning,
            }).filter(([, value]) => value !== undefined),
          );
          const cost = costOf(usage, PRICE);
          if (cost === undefined) return;
          const most = ((prompt_tokens ?? 0) * 6 + (completion_tokens ?? 0) * 15) * 1e-6;
          expect(cost.total).toBeGreaterThanOrEqual(0);
          expect(cost.total).toBeLessThanOrEqual(most + 1e-9);
          expect(cost.total).toBeCloseTo((cost.input ?? 0) + (cost.output ?? 0), 9);
        },
      ),
    );
  });
});

describe('the price that holds', () => {
  const prices: Price[] = [
    { input: 1 },
    { since: '2026-08-17', input: 2 },
    { since: '2026-08-17', hours: '01:00-04:00', input: 3 },
    { hours: '22:30-00:30', input: 4 },
  ];
  test.each([
    ['2026-08-16T12:00:00Z', 1],
    ['2026-08-16T02:00:00Z', 1],
    ['2026-08-17T00:30:00Z', 2],
    ['2026-08-17T01:00:00Z', 3],
    ['2026-08-17T03:59:59Z', 3],
    ['2026-08-17T04:00:00Z', 2],
    ['2026-08-17T23:00:00Z', 4],
    ['2026-08-18T00:29:59Z', 4],
    ['2026-08-18T00:30:00Z', 2],
  ])('at %s is %i', (ts, input) => {
    expect(priceAt(prices, ts)?.input).toBe(input);
  });

  test('is none before the first', () => {
    expect(priceAt([{ since: '2026-08-17', input: 2 }], '2026-08-16T23:59:59Z')).toBeUndefined();
    expect(priceAt([{ since: '2026-08-17', input: 2 }], 'no time')).toBeUndefined();
  });
});
