import type { ConfidenceLevel } from '../../core/index.ts';

/** What was seen of a call that speaks for it being one. */
export interface Seen {
  /** The host is listed, or stands for one by config; a port is one that local servers use, a guess one that others use too. */
  readonly host: 'listed' | 'alias' | 'port' | 'guess' | 'unknown';
  /** Who serves it, where host or port tell. */
  readonly provider: string | undefined;
  /** The API whose path it is. */
  readonly flavour: string;
  /**
   * The request's body: has the API's `shape`; is cut, but the `words` that are left are the API's; is of another shape or cannot be read
   * (`other`). `answer`: no request was seen, and only this API begins an answer so.
   */
  readonly body: 'shape' | 'words' | 'other' | 'answer';
  /** The first header that only clients of such APIs send. */
  readonly fingerprint: string | undefined;
  /** The model is of a family that everybody knows. */
  readonly knownModel: boolean;
  /** Fields of the head could not be read. */
  readonly unresolved: boolean;
  /** What of request and answer is not there, in words of `missingWord`. */
  readonly missing: readonly string[];
}

export type DetectionMethod =
  | 'known_endpoint'
  | 'payload_inspection'
  | 'header_fingerprint'
  | 'content_pattern'
  | 'model_string_match'
  | 'heuristic';

/** How a call is known to be one, and what of it is missing. */
export interface Assessment {
  readonly level: ConfidenceLevel;
  readonly reasons: readonly string[];
  readonly method: DetectionMethod;
  readonly missing: readonly string[];
  readonly limitations: readonly string[];
}

const HOST_POINTS = { listed: 3, alias: 3, port: 2, guess: 1, unknown: 0 } as const;
const BODY_POINTS = { shape: 2, words: 1, other: 0, answer: 1 } as const;

/** From how many points on: 5 are a known host with a body of the API's shape less one unresolved head, 3 the shape alone. */
const HIGH = 5;
const MEDIUM = 3;

/** Hosts that say by themselves who serves them. */
const isKnown = (host: Seen['host']): boolean => host !== 'unknown' && host !== 'guess';

/**
 * Weighs what was seen: host 3 (by port 2, by a port that others use too 1), path 1, body 2 (cut 1), headers of known clients 1, model name 1, unresolved head -1. From 5 on
 * the level is high, from 3 on medium, else low; on a host that nobody knows never above medium. The method is the strongest that
 * contributed. An answer without its request has neither path nor headers that tell: never above medium.
 */
export function assess(seen: Seen): Assessment {
  const { host, provider, flavour, body, fingerprint, knownModel, unresolved, missing } = seen;
  const reasons: string[] = [];
  if (host === 'listed') reasons.push(`host of ${provider ?? 'a provider'}`);
  else if (host === 'alias') reasons.push(`host stands for ${provider ?? 'a provider'}`);
  else if (host === 'port' || host === 'guess') reasons.push(`port of ${provider ?? 'a local server'}`);
  const isAnswer = body === 'answer';
  reasons.push(isAnswer ? `answer of ${flavour}` : `path of ${flavour}`);
  if (body === 'shape') reasons.push(`body of ${flavour}`);
  else if (body === 'words') reasons.push(`words of ${flavour} in the body`);
  if (fingerprint !== undefined) reasons.push(`header ${fingerprint}`);
  if (knownModel) reasons.push('name of a known model');
  const points =
    HOST_POINTS[host] +
    (isAnswer ? 0 : 1) +
    BODY_POINTS[body] +
    (fingerprint === undefined ? 0 : 1) +
    (knownModel ? 1 : 0) -
    (unresolved ? 1 : 0);
  const limitations = limitationsOf(missing);
  if (unresolved && !limitations.includes(UNRESOLVED)) limitations.push(UNRESOLVED);
  return {
    level: points >= HIGH && isKnown(host) && !isAnswer ? 'high' : points >= MEDIUM ? 'medium' : 'low',
    reasons,
    method: methodOf(seen),
    missing,
    limitations,
  };
}

function methodOf({ host, body, fingerprint, knownModel }: Seen): DetectionMethod {
  if (isKnown(host)) return 'known_endpoint';
  if (body === 'shape' || body === 'answer') return 'payload_inspection';
  if (fingerprint !== undefined) return 'header_fingerprint';
  if (body === 'words') return 'content_pattern';
  return knownModel ? 'model_string_match' : 'heuristic';
}

const UNRESOLVED = 'header fields refer to a part of the connection that was not seen';

/** What words for missing parts mean for who reads the event. */
const LIMITATIONS: readonly (readonly [RegExp, string])[] = [
  [/unsupported coding$/, 'content coding cannot be read'],
  [/damaged coding$/, 'content coding is damaged'],
  [/too large$/, 'body is cut at the size limit'],
  [/body: lost$/, 'bytes were lost before they were captured'],
  [/headers: \w+ unresolved$/, UNRESOLVED],
  [/^end of response$/, 'the answer broke off or the capture ended'],
  [/^response$/, 'no answer was seen'],
  [/^request$/, 'the request was not seen'],
];

function limitationsOf(missing: readonly string[]): string[] {
  const found = new Set<string>();
  for (const word of missing) {
    const limitation = LIMITATIONS.find(([form]) => form.test(word))?.[1];
    if (limitation !== undefined) found.add(limitation);
  }
  return [...found];
}

/** Headers that clients of AI APIs send and others do not. */
const FINGERPRINTS = [
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'x-stainless-lang',
  'x-goog-api-key',
  'chatgpt-account-id',
  'copilot-integration-id',
  'x-claude-code-session-id',
  'x-codex-turn-metadata',
  'x-amzn-bedrock-accept',
  'x-fern-sdk-name',
] as const;

/** Products of SDKs and frameworks for models. */
const SDK_AGENT =
  /^(?:(?:Async)?(?:OpenAI|Anthropic|Groq|Cerebras|Together)\/|google-genai-sdk\/|ai-sdk[-/]|ai\/\d|litellm\/|langchain|cohere|mistral-client|claude-cli\/|codex_)/i;

/** The first header of a request that only clients of AI APIs send. */
export function fingerprintOf(headers: ReadonlyMap<string, string>): string | undefined {
  const found = FINGERPRINTS.find((name) => headers.has(name));
  return found ?? (SDK_AGENT.test(headers.get('user-agent') ?? '') ? 'user-agent' : undefined);
}

/** Names that models of known families begin with, also behind the prefixes of gateways, clouds and regions. */
const KNOWN_MODEL =
  /(?:^|[/.:])(?:gpt-|chatgpt-|o[134](?:-|$)|codex-|text-embedding-|claude-|gemini-|gemma|llama|meta-llama|mistral|mixtral|codestral|ministral|command-|deepseek|qwen|grok-|kimi|glm-|nova-|titan-|phi-?\d|sonar)/i;

export function isKnownModel(model: string | undefined): boolean {
  return model !== undefined && model.length <= 256 && KNOWN_MODEL.test(model);
}
