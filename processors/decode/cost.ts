import { type BilledUsage, type Cost, costOf, merged, priceAt, type Usage } from '../../core/index.ts';
import type { Call, Named } from './call.ts';
import type { NormalResponse } from './flavour.ts';
import { isObject, type Json, list, number, object, text } from './json.ts';

/** What an answer cost, and who says so. */
export interface AnswerCost {
  readonly cost: Cost;
  /** Who states the price, with its date; `provider` where the answer itself says what it cost. */
  readonly source: string;
}

/** US dollars in a tick, the unit of xAI's `cost_in_usd_ticks` (docs.x.ai, November 2026). */
const TICK = 1e-10;
/** Service tiers that are billed at the rates of the price list; others (batch, flex, priority) have rates of their own. */
const LIST_TIERS = new Set(['standard', 'default', 'auto', 'on_demand']);

/**
 * What a call cost: as the provider reports it, else by the price of its model on that day. Undefined where neither is known; the reason of a
 * missing price is counted.
 */
export function costOfAnswer(call: Call<Named>, response: NormalResponse, ts: string): AnswerCost | undefined {
  const { info, head } = call;
  const { usage } = response;
  if (!info.cost || usage === undefined) return undefined;
  const reported = reportedCost(object(usage.provider));
  if (reported !== undefined) return { cost: reported, source: 'provider' };
  const provider = head.provider ?? head.guess;
  if (provider === undefined) return undefined;
  const tier = response.attrs?.['openai.response.service_tier'];
  const isOther = typeof tier === 'string' && !LIST_TIERS.has(tier);
  const why = isOther ? 'service_tier' : unlisted(object(usage.provider));
  for (const id of [response.model, call.request.model, call.match.model]) {
    const model = id === undefined ? undefined : info.registry.modelOf(provider.name, id);
    if (model?.prices === undefined) continue;
    const price = priceAt(model.prices, ts);
    const cost = price === undefined ? undefined : costOf(billed(usage), price);
    if (cost === undefined) break;
    if (why !== undefined) {
      info.counters.count('unpriced_answers', 'reason', why);
      return undefined;
    }
    return { cost, source: sourceOf(model.source, model.date) };
  }
  info.counters.count('unpriced_answers', 'reason', 'price');
  return undefined;
}

/** The usage of an event with what it cost. */
export function pricedUsage(usage: Usage | undefined, found: AnswerCost | undefined): Usage | undefined {
  if (usage === undefined || found === undefined) return usage;
  const { input, output, total } = found.cost;
  const priced: { -readonly [K in keyof Usage]: Usage[K] } = Object.assign({}, usage);
  if (input !== undefined) priced.input_cost_usd = input;
  if (output !== undefined) priced.output_cost_usd = output;
  priced.total_cost_usd = total;
  return priced;
}

/** Why the rates of the price list, which are those of text, are not the ones that this usage is billed by. */
function unlisted(usage: Json): 'service_tier' | 'modality' | undefined {
  const tier = text(usage['service_tier']);
  if (tier !== undefined && !LIST_TIERS.has(tier.toLowerCase())) return 'service_tier';
  for (const key of [
    'prompt_tokens_details',
    'completion_tokens_details',
    'input_tokens_details',
    'output_tokens_details',
  ])
    if ((number(object(usage[key])['audio_tokens']) ?? 0) > 0) return 'modality'; // OpenAI
  for (const key of ['promptTokensDetails', 'candidatesTokensDetails', 'responseTokensDetails'])
    for (const part of list(usage[key])) {
      // Gemini: pictures and films that are sent cost as text, those that are made do not
      const modality = text(object(part)['modality']);
      const isOther = modality === 'AUDIO' || (key !== 'promptTokensDetails' && modality === 'IMAGE');
      if (isOther && (number(object(part)['tokenCount']) ?? 0) > 0) return 'modality';
    }
  return undefined;
}

/** Anthropic tells how much of what was written to the cache stays for an hour. */
function billed(usage: Usage): BilledUsage {
  const long = number(object(object(usage.provider)['cache_creation'])['ephemeral_1h_input_tokens']);
  return long === undefined ? usage : merged(usage, { cache_creation_1h_tokens: long });
}

/** OpenRouter: `cost`, in dollars. Perplexity: `cost.total_cost` and its parts. xAI: `cost_in_usd_ticks`. (API references, November 2026.) */
function reportedCost(usage: Json): Cost | undefined {
  const { cost } = usage;
  if (isObject(cost)) {
    const total = dollars(cost['total_cost']);
    const input = dollars(cost['input_tokens_cost']);
    const output = dollars(cost['output_tokens_cost']);
    return total === undefined
      ? undefined
      : { ...(input !== undefined && { input }), ...(output !== undefined && { output }), total };
  }
  const ticks = dollars(usage['cost_in_usd_ticks']);
  const total = dollars(cost) ?? (ticks === undefined ? undefined : Number((ticks * TICK).toPrecision(12)));
  return total === undefined ? undefined : { total };
}

function dollars(value: unknown): number | undefined {
  const found = number(value);
  return found !== undefined && found >= 0 ? found : undefined;
}

function sourceOf(source: string | undefined, date: string | undefined): string {
  return `${source ?? 'unknown'}${date === undefined ? '' : ` (${date})`}`;
}
