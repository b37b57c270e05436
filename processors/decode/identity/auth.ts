import type { AiRequestData } from '../../../core/index.ts';
import type { CallHead } from '../flavour.ts';
import { object, text } from '../json.ts';
import { type Credential, claimsOf } from './credentials.ts';

export type Auth = NonNullable<AiRequestData['auth']>;
type AccountType = NonNullable<Auth['account_type']>;

/** How a call says who it is: kind, at most eight characters and never more than half of the key, and its keyed hash. */
export function authOf(head: CallHead, credentials: readonly Credential[], hashOf: (secret: string) => string): Auth {
  const [first] = credentials;
  if (first === undefined) {
    const isTried = head.headers.has('authorization');
    return { type: isTried ? 'unknown' : 'none', ...(isTried && { account_type: 'unknown' }) };
  }
  const prefix = first.secret.slice(0, Math.min(first.shown, Math.floor(first.secret.length / 2)));
  return {
    type: first.type,
    account_type: accountTypeOf(head, credentials),
    ...(/^[\x21-\x7e]+$/.test(prefix) && { key_prefix: prefix }),
    key_hash: hashOf(first.secret),
  };
}

interface AccountRule {
  readonly type: AccountType;
  readonly holds: (head: CallHead, first: Credential, plan: string | undefined) => boolean;
}

/**
 * Whose account it is; the first rule that holds decides.
 *
 * | account | where it shows |
 * |---|---|
 * | shared | tokens of no person: an installation of a GitHub app (`ghs_`), a Hugging Face organisation (`api_org_`) |
 * | by plan | the plan in a ChatGPT access token: free, go, plus and pro are personal; team, business, enterprise and edu corporate |
 * | corporate | a Google identity of a hosted domain (`hd`); service accounts |
 * | by host | GitHub Copilot's hosts for individuals, businesses and enterprises |
 * | personal | OpenAI's name of a personal organisation (`user-...`) |
 * | corporate | a cloud account: Azure, AWS, Vertex AI, a Google Cloud project; an OpenAI organisation that the request names |
 */
const ACCOUNT_RULES: readonly AccountRule[] = [
  { type: 'shared', holds: (_head, { secret }) => /^(?:ghs_|api_org_)/.test(secret) },
  { type: 'personal', holds: (_head, _first, plan) => plan !== undefined && /^(?:free|go|plus|pro)$/.test(plan) },
  {
    type: 'corporate',
    holds: (_head, _first, plan) => plan !== undefined && /^(?:team|business|enterprise|edu|hosted_domain)/.test(plan),
  },
  { type: 'corporate', holds: (_head, { type }) => type === 'service_account' },
  { type: 'personal', holds: ({ host }) => host === 'api.individual.githubcopilot.com' },
  { type: 'corporate', holds: ({ host }) => /^api\.(?:business|enterprise)\.githubcopilot\.com$/.test(host) },
  { type: 'personal', holds: ({ headers }) => /^user-/.test(headers.get('openai-organization') ?? '') },
  { type: 'corporate', holds: ({ host }) => CLOUD_HOST.test(host) },
  { type: 'corporate', holds: (_head, { aws }) => aws !== undefined },
  {
    type: 'corporate',
    holds: ({ headers, host }) =>
      headers.has('x-goog-user-project') || (headers.has('openai-organization') && host.endsWith('api.openai.com')),
  },
];

const CLOUD_HOST =
  /(?:\.openai\.azure\.com|\.cognitiveservices\.azure\.com|\.services\.ai\.azure\.com|\.amazonaws\.com|aiplatform\.googleapis\.com)$/;

function accountTypeOf(head: CallHead, credentials: readonly Credential[]): AccountType {
  const [first] = credentials;
  if (first === undefined) return 'unknown';
  let plan: string | undefined;
  for (const { secret } of credentials) plan ??= planOf(secret);
  return ACCOUNT_RULES.find(({ holds }) => holds(head, first, plan))?.type ?? 'unknown';
}

/** The plan that a ChatGPT access token names in its claim `https://api.openai.com/auth`; `hosted_domain` for Google's `hd`. */
function planOf(secret: string): string | undefined {
  const claims = claimsOf(secret);
  if (claims === undefined) return undefined;
  const plan = text(object(claims['https://api.openai.com/auth'])['chatgpt_plan_type']);
  return plan?.toLowerCase() ?? (text(claims['hd']) === undefined ? undefined : 'hosted_domain');
}
