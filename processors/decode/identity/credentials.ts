import type { AiRequestData } from '../../../core/index.ts';
import type { CallHead } from '../flavour.ts';
import { isObject, type Json, parseJson } from '../json.ts';

type AuthType = NonNullable<AiRequestData['auth']>['type'];

/** One way in which a request authenticates. Lives only as long as the request's head is read. */
export interface Credential {
  readonly type: AuthType;
  /** What the hash stands for: the key, the token, the password, the cookie's value; of AWS the id of the access key. */
  readonly secret: string;
  /** Characters that may be shown: those that say what kind of key it is. */
  readonly shown: number;
  /** Where an AWS signature is good for (credential scope). */
  readonly aws?: { readonly region: string; readonly service: string };
}

/** Headers whose whole value is a key: Anthropic, Google, Azure, Azure API Management, ElevenLabs. */
const KEY_HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key', 'ocp-apim-subscription-key', 'xi-api-key'] as const;

/** Parameters of the query that hold a key: Google's `key`, Azure's realtime `api-key`; `access_token` is one of OAuth (RFC 6750 2.3). */
const KEY_PARAMETERS = ['key', 'api-key', 'api_key', 'access_token'] as const;

/** Cookies by which the web apps of providers know who is logged in. Cookies of their networks (`__cf_bm`) are none. */
const SESSION_COOKIE =
  /(?:^|[;,]\s*)(?:sessionKey|__Secure-next-auth\.session-token(?:\.\d)?|__Secure-[13]PSID|__Host-session|session_token|sso)=([^;,\s]{8,})/;

/** Browsers cannot set headers of a WebSocket: their key is the name of a subprotocol (OpenAI, xAI). */
const KEY_PROTOCOL = /(?:^|[,\s])(?:openai-insecure-api-key|xai-client-secret)\.([^,\s]+)/;

/**
 * Everything in a request's head that authenticates; the first is the one that the provider goes by. Headers for keys come before the query
 * and `Authorization`, cookies last. Sources: the providers' API references on authentication, AWS Signature Version 4 (November 2026).
 */
export function credentialsOf(head: CallHead): readonly Credential[] {
  const found: Credential[] = [];
  const add = (credential: Credential | undefined): void => {
    if (credential !== undefined && credential.secret !== '') found.push(credential);
  };
  for (const name of KEY_HEADERS) add(tokenOf(head.headers.get(name)));
  for (const name of KEY_PARAMETERS) add(tokenOf(parameterOf(head.query, name)));
  add(signed(parameterOf(head.query, 'X-Amz-Credential')));
  add(authorized(head.headers.get('authorization')));
  add(tokenOf(KEY_PROTOCOL.exec(head.headers.get('sec-websocket-protocol') ?? '')?.[1]));
  const cookie = SESSION_COOKIE.exec(head.headers.get('cookie') ?? '')?.[1];
  add(cookie === undefined ? undefined : { type: 'session', secret: cookie, shown: 0 });
  return found;
}

/** The claims of a JSON web token (RFC 7519); undefined when it is none. Nobody checks its signature here. */
export function claimsOf(token: string): Json | undefined {
  if (!token.startsWith('eyJ') || token.length > 16_384) return undefined;
  const payload = token.split('.')[1];
  const claims = payload === undefined ? undefined : parseJson(Buffer.from(payload, 'base64url').toString());
  return isObject(claims) ? claims : undefined;
}

function authorized(value: string | undefined): Credential | undefined {
  if (value === undefined) return undefined;
  const [, scheme = '', rest = ''] = /^([A-Za-z][\w-]{0,31})\s+(\S.*)$/.exec(value.trim()) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'token': // Replicate
    case 'key': // fal
    case 'apikey':
    case 'api-key':
      return tokenOf(rest.trim());
    case 'basic':
      return basic(rest.trim());
    case 'aws4-hmac-sha256':
      return signed(/Credential=([^,\s]+)/.exec(rest)?.[1]);
    case 'sapisidhash': // gemini.google.com
      return { type: 'session', secret: rest.trim(), shown: 0 };
    case '':
      // a key without a scheme
      return /^[\w.~+/=:-]{16,}$/.test(value.trim()) ? tokenOf(value.trim()) : undefined;
    default:
      return undefined;
  }
}

/** A name and a password (RFC 7617): neither is shown. Some APIs take a key as the name, without a password. */
function basic(coded: string): Credential | undefined {
  const pair = Buffer.from(coded, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 0) return undefined;
  const secret = pair.slice(colon + 1) || pair.slice(0, colon);
  return { type: 'api_key', secret, shown: 0 };
}

/** `<access key id>/<date>/<region>/<service>/aws4_request`. Ids of temporary keys begin with ASIA (IAM identifiers). */
function signed(scope: string | undefined): Credential | undefined {
  const [, keyId = '', region = '', service = ''] =
    /^([A-Z0-9]{16,128})\/\d{8}\/([a-z0-9-]{1,32})\/([a-z0-9-]{1,32})\/aws4_request$/.exec(scope ?? '') ?? [];
  if (keyId === '') return undefined;
  return { type: keyId.startsWith('ASIA') ? 'session' : 'api_key', secret: keyId, shown: 4, aws: { region, service } };
}

/** Kinds of tokens by how they begin. Sources: the providers' and GitHub's pages on token formats, Google's token types (November 2026). */
const KINDS: readonly (readonly [RegExp, AuthType])[] = [
  [/^sk-svcacct-/, 'service_account'], // OpenAI
  [/^ya29\.c\./, 'service_account'], // Google, service accounts
  [/^ghs_/, 'service_account'], // GitHub, installation of an app
  [/^(?:ya29\.|sk-ant-oat|gho_|ghu_|hf_oauth_)/, 'oauth'],
  [/^tid=/, 'oauth'], // GitHub Copilot
  [/^auth_tokens\//, 'session'], // Gemini, ephemeral tokens
  [/^(?:sess-|ek_)/, 'session'], // OpenAI: dashboard, realtime client secrets
];

function tokenOf(given: string | undefined): Credential | undefined {
  if (given === undefined || given === '') return undefined;
  const secret = given.replace(/^bearer\s+/i, '');
  const kind = KINDS.find(([form]) => form.test(secret))?.[1];
  if (kind !== undefined) return { type: kind, secret, shown: secret.startsWith('tid=') ? 0 : 8 };
  if (!secret.startsWith('eyJ')) return { type: 'api_key', secret, shown: 8 };
  return { type: isService(claimsOf(secret)) ? 'service_account' : 'oauth', secret, shown: 8 };
}

/** Tokens that no person stands behind: Entra ID says so in `idtyp`, Auth0 in `gty`, Google and Kubernetes in the subject. */
function isService(claims: Json | undefined): boolean {
  if (claims === undefined) return false;
  const names = `${String(claims['iss'] ?? '')} ${String(claims['sub'] ?? '')} ${String(claims['email'] ?? '')}`;
  return (
    claims['idtyp'] === 'app' ||
    claims['gty'] === 'client-credentials' ||
    /\.gserviceaccount\.com\b|system:serviceaccount:/.test(names)
  );
}

function parameterOf(query: string, name: string): string | undefined {
  for (const pair of query.split('&')) {
    if (!pair.startsWith(`${name}=`)) continue;
    const value = pair.slice(name.length + 1);
    try {
      return decodeURIComponent(value);
    } catch {
      return value; // not percent-encoded as it should be
    }
  }
  return undefined;
}
