import type { Rule } from '../engine/rule.ts';

const API_KEY = { type: 'api_key', label: '[API_KEY_REDACTED]' } as const;
const AWS = { type: 'aws_key', label: '[AWS_KEY_REDACTED]' } as const;
const AZURE = { type: 'azure_key', label: '[AZURE_KEY_REDACTED]' } as const;
const GITHUB = { type: 'github_token', label: '[GITHUB_TOKEN_REDACTED]' } as const;
const GITLAB = { type: 'gitlab_token', label: '[GITLAB_TOKEN_REDACTED]' } as const;
const SLACK = { type: 'slack_token', label: '[SLACK_TOKEN_REDACTED]' } as const;
const STRIPE = { type: 'stripe_key', label: '[STRIPE_KEY_REDACTED]' } as const;

/** Credentials of clouds, forges, registries and services, each by the form that its vendor gives it. */
export const SERVICE_RULES: readonly Rule[] = [
  {
    ...AWS,
    anchors: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: /(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/y,
    left: 'word',
  },
  {
    ...AWS,
    anchors: ['aws_secret', 'awssecret', 'secret_access_key', 'secretaccesskey', 'secretkey', 'aws secret'],
    pattern:
      /((?:aws[_ -]?)?secret[_ -]?(?:access)?[_ -]?(?:key)?(?:\\{0,3}["'])?\s{0,4}(?:=>|[:=]|%3D)\s{0,4}(?:\\{0,3}["'])?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/iy,
  },
  {
    ...AZURE,
    anchors: ['accountkey=', 'sharedaccesskey='],
    pattern: /((?:Account|SharedAccess)Key=)[A-Za-z0-9+/]{40,}={0,2}/iy,
  },
  { ...AZURE, anchors: ['sig='], pattern: /(sig=)[A-Za-z0-9%+/_-]{40,}={0,2}/y, left: 'word' },
  // Azure AD client secrets: 7Q8~ somewhere in the first five characters
  { ...AZURE, anchors: ['0q~', '0q0~'], pattern: /\dQ\d?~[\w.~-]{31,40}/y },
  { ...API_KEY, anchors: ['ya00.'], pattern: /ya29\.[\w-]{20,}/y, left: 'word' },
  { ...API_KEY, anchors: ['GOCSPX-'], pattern: /GOCSPX-[\w-]{24,}/y, left: 'word' },
  { ...API_KEY, anchors: ['0//0'], pattern: /1\/\/0[\w-]{40,}/y, left: 'word' },
  { ...GITHUB, anchors: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], pattern: /gh[pousr]_[A-Za-z0-9]{36,}/y },
  { ...GITHUB, anchors: ['github_pat_'], pattern: /github_pat_\w{40,}/y },
  {
    ...GITLAB,
    anchors: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glcbt-', 'glsoat-'],
    pattern: /gl(?:pat|dt|rt|ptt|cbt|soat)-[\w.-]{20,}/y,
    left: 'word',
  },
  {
    ...SLACK,
    anchors: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe', 'xoxc-', 'xoxd-'],
    pattern: /xox(?:[abprscd]|e(?:\.xox[bp])?)-[\w%-]{10,}/y,
    left: 'word',
  },
  { ...SLACK, anchors: ['xapp-'], pattern: /xapp-\d-[\w-]{20,}/y, left: 'word' },
  {
    ...SLACK,
    anchors: ['hooks.slack.com/'],
    pattern: /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]{20,}/iy,
  },
  {
    ...API_KEY,
    anchors: ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    pattern: /(discord(?:app)?\.com\/api\/webhooks\/\d{15,20}\/)[\w-]{40,}/iy,
  },
  {
    ...STRIPE,
    anchors: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_prod_', 'whsec_'],
    pattern: /(?:[sr]k_(?:live|test|prod)|whsec)_[A-Za-z0-9+/]{10,}/y,
    left: 'word',
  },
  {
    type: 'npm_token',
    label: '[NPM_TOKEN_REDACTED]',
    anchors: ['npm_'],
    pattern: /npm_[A-Za-z0-9]{36,}/y,
    left: 'word',
  },
  {
    type: 'pypi_token',
    label: '[PYPI_TOKEN_REDACTED]',
    anchors: ['pypi-ag'],
    pattern: /pypi-[\w-]{50,}/y,
    left: 'word',
  },
  { ...API_KEY, anchors: ['rubygems_'], pattern: /rubygems_[0-9a-f]{48}/y, left: 'word' },
  { ...API_KEY, anchors: ['dckr_pat_', 'dckr_oat_'], pattern: /dckr_[po]at_[\w-]{27,}/y, left: 'word' },
  { ...API_KEY, anchors: ['SG.'], pattern: /SG\.[\w-]{16,32}\.[\w-]{30,}/y, left: 'dash' },
  // Telegram: bot number, colon, AA and 33 more
  {
    ...API_KEY,
    anchors: [':AA'],
    pattern: /\d{7,11}:AA[\w-]{32,}/y,
    begin: (text, at, floor) => digitsBefore(text, at, floor, 7, 11),
  },
  // Twilio and Mailgun: a letter pair or word and 32 hex digits
  {
    ...API_KEY,
    anchors: ['sk0', 'ska', 'skb', 'skc', 'skd', 'ske', 'skf'],
    pattern: /SK[0-9a-f]{32}(?![0-9A-Za-z])/y,
    left: 'word',
  },
  { ...API_KEY, anchors: ['key-'], pattern: /key-[0-9a-f]{32}(?![0-9A-Za-z])/y, left: 'dash' },
  { ...API_KEY, anchors: ['xkeysib-'], pattern: /xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}/y, left: 'dash' },
  { ...API_KEY, anchors: ['hvs.', 'hvb.', 'hvr.'], pattern: /hv[sbr]\.[\w-]{24,}/y, left: 'dash' },
  { ...API_KEY, anchors: ['dop_v0_', 'doo_v0_', 'dor_v0_'], pattern: /do[por]_v1_[0-9a-f]{64}/y, left: 'word' },
  {
    ...API_KEY,
    anchors: ['shpat_', 'shpss_', 'shpca_', 'shppa_'],
    pattern: /shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}/y,
    left: 'word',
  },
  { ...API_KEY, anchors: ['lin_api_'], pattern: /lin_api_[A-Za-z0-9]{30,}/y, left: 'word' },
  {
    ...API_KEY,
    anchors: ['ntn_', 'secret_'],
    pattern: /(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43})(?!\w)/y,
    left: 'word',
  },
  { ...API_KEY, anchors: ['figd_'], pattern: /figd_[\w-]{38,}/y, left: 'word' },
  { ...API_KEY, anchors: ['ATATT0'], pattern: /ATATT3[\w=-]{60,}/y, left: 'word' },
  {
    ...API_KEY,
    anchors: ['glsa_', 'glc_'],
    pattern: /gl(?:sa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|c_[A-Za-z0-9+/]{32,}={0,2})/y,
    left: 'word',
  },
  { ...API_KEY, anchors: ['phc_', 'phx_'], pattern: /ph[cx]_[A-Za-z0-9]{40,}/y, left: 'word' },
  { ...API_KEY, anchors: ['sbp_', 'sb_secret_'], pattern: /(?:sbp_[0-9a-f]{40}|sb_secret_[\w-]{20,})/y, left: 'word' },
  { ...API_KEY, anchors: ['PMAK-'], pattern: /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/y, left: 'dash' },
  { ...API_KEY, anchors: ['dapi'], pattern: /dapi[0-9a-f]{32}(?:-\d)?(?![0-9a-zA-Z])/y, left: 'word' },
  { ...API_KEY, anchors: ['NRAK-'], pattern: /NRAK-[A-Z0-9]{27}/y, left: 'dash' },
  { ...API_KEY, anchors: ['AGE-SECRET-KEY-0'], pattern: /AGE-SECRET-KEY-1[0-9A-Z]{58}/y, left: 'dash' },
];

/** Where the run of `least` to `most` digits before `at` begins, -1 when there is none. */
function digitsBefore(text: string, at: number, floor: number, least: number, most: number): number {
  let from = at;
  while (from > floor && at - from <= most && isDigit(text.charCodeAt(from - 1))) from--;
  return at - from < least || at - from > most ? -1 : from;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
