import type { Rule } from '../engine/rule.ts';

const API_KEY = { type: 'api_key', label: '[API_KEY_REDACTED]' } as const;

/** `sk-` is also how slugs and class names begin: keys have a long run without a dash, with a digit in the whole. */
function looksLikeKey(secret: string): boolean {
  return /[A-Za-z0-9]{16}/.test(secret) && /\d/.test(secret);
}

/** Keys of model providers and of the tools around them. */
export const AI_RULES: readonly Rule[] = [
  // OpenAI sk-proj- sk-svcacct- sk-admin- sk-None-, Anthropic sk-ant-api03- -oat01- -admin01-, OpenRouter sk-or-v1-
  {
    ...API_KEY,
    anchors: ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-None-', 'sk-ant-', 'sk-or-v0-'],
    pattern: /sk-[A-Za-z]{2,8}-[\w-]{16,}/y,
    left: 'word',
  },
  // OpenAI before 2024, DeepSeek (32 hex digits), Moonshot, DashScope, LiteLLM and other compatible servers
  { ...API_KEY, anchors: ['sk-'], pattern: /sk-[\w-]{20,}/y, left: 'dash', verify: looksLikeKey },
  // Langfuse
  {
    ...API_KEY,
    anchors: ['sk-lf-', 'pk-lf-'],
    pattern: /[sp]k-lf-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/y,
    left: 'dash',
  },
  // Google AI Studio and every other Google API key
  { ...API_KEY, anchors: ['AIza'], pattern: /AIza[\w-]{35,}/y, left: 'word' },
  // Google's key form of 2025: AQ. and a long token
  { ...API_KEY, anchors: ['AQ.Ab'], pattern: /AQ\.Ab[\w-]{40,}/y, left: 'word' },
  { ...API_KEY, anchors: ['gsk_'], pattern: /gsk_[A-Za-z0-9]{32,}/y, left: 'word' },
  { ...API_KEY, anchors: ['xai-'], pattern: /xai-[A-Za-z0-9]{40,}/y, left: 'dash' },
  { ...API_KEY, anchors: ['hf_', 'api_org_'], pattern: /(?:hf|api_org)_[A-Za-z0-9]{30,}/y, left: 'word' },
  { ...API_KEY, anchors: ['r0_'], pattern: /r8_[A-Za-z0-9]{37,}/y, left: 'word' },
  { ...API_KEY, anchors: ['pplx-'], pattern: /pplx-[A-Za-z0-9]{32,}/y, left: 'dash' },
  { ...API_KEY, anchors: ['fw_'], pattern: /fw_[A-Za-z0-9]{20,}/y, left: 'word', verify: looksLikeKey },
  { ...API_KEY, anchors: ['tgp_v0_'], pattern: /tgp_v1_[\w-]{30,}/y, left: 'word' },
  { ...API_KEY, anchors: ['csk-'], pattern: /csk-[a-z0-9]{40,}/y, left: 'dash' },
  { ...API_KEY, anchors: ['nvapi-'], pattern: /nvapi-[\w-]{40,}/y, left: 'dash' },
  { ...API_KEY, anchors: ['lsv0_'], pattern: /lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10,}/y, left: 'word' },
  { ...API_KEY, anchors: ['ls__'], pattern: /ls__[0-9a-f]{32,}/y, left: 'word' },
  { ...API_KEY, anchors: ['jina_'], pattern: /jina_[A-Za-z0-9]{40,}/y, left: 'word' },
  { ...API_KEY, anchors: ['tvly-'], pattern: /tvly-[\w-]{24,}/y, left: 'dash' },
  { ...API_KEY, anchors: ['pcsk_'], pattern: /pcsk_[A-Za-z0-9_]{40,}/y, left: 'word' },
  { ...API_KEY, anchors: ['fc-'], pattern: /fc-[0-9a-f]{32}(?![\w-])/y, left: 'dash' },
  { ...API_KEY, anchors: ['bsa'], pattern: /BSA[\w-]{27,28}(?![\w-])/y, left: 'word', verify: looksLikeKey },
  { ...API_KEY, anchors: ['pa-'], pattern: /pa-[\w-]{43}(?![\w-])/y, left: 'dash', verify: looksLikeKey },
  {
    ...API_KEY,
    anchors: ['bedrock-api-key-', 'absk'],
    pattern: /(?:bedrock-api-key-|ABSK)[A-Za-z0-9+/=]{60,}/y,
    left: 'dash',
  },
  { ...API_KEY, anchors: ['e0b_'], pattern: /e2b_[0-9a-f]{40}/y, left: 'word' },
  { ...API_KEY, anchors: ['esecret_'], pattern: /esecret_[A-Za-z0-9]{20,}/y, left: 'word' },
  { ...API_KEY, anchors: ['wandb_v0_'], pattern: /wandb_v1_[\w-]{30,}/y, left: 'word' },
];
