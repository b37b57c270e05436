/** Made-up secrets in their vendors' forms, and look-alikes. None was ever valid. */
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const ALNUM = `${LOWER}ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789`;

/** Characters from a set, the same for the same seed. */
function made(length: number, seed: number, set = ALNUM): string {
  let state = (seed * 2654435761) >>> 0;
  let out = '';
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out += set[(state >>> 10) % set.length];
  }
  return out;
}

const hex = (length: number, seed: number): string => made(length, seed, '0123456789abcdef');
const upper = (length: number, seed: number): string => made(length, seed, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
const url64 = (length: number, seed: number): string => `${made(length - 4, seed, `${ALNUM}-_`)}x1-Z`;

/** Kind and text. */
export const SECRETS: readonly (readonly [string, string])[] = [
  ['openai legacy', `sk-${made(20, 1)}T3BlbkFJ${made(20, 2)}`],
  ['openai project', `sk-proj-${url64(74, 3)}T3BlbkFJ${url64(74, 4)}`],
  ['openai service account', `sk-svcacct-${url64(58, 5)}`],
  ['openai admin', `sk-admin-${url64(58, 6)}`],
  ['anthropic api', `sk-ant-api03-${url64(93, 7)}AA`],
  ['anthropic oauth', `sk-ant-oat01-${url64(93, 8)}AA`],
  ['anthropic admin', `sk-ant-admin01-${url64(93, 9)}AA`],
  ['openrouter', `sk-or-v1-${hex(64, 10)}`],
  ['deepseek', `sk-${hex(32, 11)}`],
  ['google', `AIzaSy${url64(33, 12)}`],
  ['groq', `gsk_${made(52, 13)}`],
  ['xai', `xai-${made(80, 14)}`],
  ['hugging face', `hf_${made(34, 15)}`],
  ['replicate', `r8_${made(37, 16)}`],
  ['perplexity', `pplx-${made(48, 17)}`],
  ['fireworks', `fw_${made(24, 18)}`],
  ['together', `tgp_v1_${url64(43, 19)}`],
  ['cerebras', `csk-${made(48, 20, `${LOWER}0123456789`)}`],
  ['nvidia', `nvapi-${url64(64, 21)}`],
  ['langsmith', `lsv2_pt_${hex(32, 22)}_${hex(10, 23)}`],
  ['langfuse secret', 'sk-lf-1f0a7c3e-5b2d-4c8f-9a6b-0d1e2f3a4b5c'],
  ['langfuse public', 'pk-lf-9e8d7c6b-5a4f-4e3d-8c2b-1a0f9e8d7c6b'],
  ['tavily', `tvly-${made(32, 24)}`],
  ['aws access key', `AKIA${upper(16, 25)}`],
  ['aws session key', `ASIA${upper(16, 26)}`],
  ['aws secret', `aws_secret_access_key=${made(40, 27)}`],
  ['azure storage', `AccountKey=${made(86, 28)}==`],
  ['google oauth', `ya29.${url64(120, 29)}`],
  ['google client secret', `GOCSPX-${url64(28, 30)}`],
  ['github classic', `ghp_${made(36, 31)}`],
  ['github app', `ghs_${made(36, 32)}`],
  ['github oauth', `gho_${made(36, 33)}`],
  ['github fine grained', `github_pat_${made(22, 34)}_${made(59, 35)}`],
  ['gitlab', `glpat-${url64(20, 36)}`],
  ['slack bot', `xoxb-${made(12, 37, '0123456789')}-${made(12, 38, '0123456789')}-${made(24, 39)}`],
  ['slack user', `xoxp-${made(12, 40, '0123456789')}-${made(12, 41, '0123456789')}-${hex(32, 42)}`],
  ['slack hook', `https://hooks.slack.com/services/T${upper(8, 43)}/B${upper(8, 44)}/${made(24, 45)}`],
  ['stripe', `sk_live_${made(24, 46)}`],
  ['stripe restricted', `rk_live_${made(24, 47)}`],
  ['npm', `npm_${made(36, 48)}`],
  ['pypi', `pypi-AgEIcHlwaS5vcmc${url64(60, 49)}`],
  ['telegram', `${made(10, 50, '123456789')}:AA${url64(33, 51)}`],
  ['twilio', `SK${hex(32, 52)}`],
  ['sendgrid', `SG.${url64(22, 53)}.${url64(43, 54)}`],
  ['vault', `hvs.${made(24, 55)}`],
  ['digitalocean', `dop_v1_${hex(64, 56)}`],
  ['shopify', `shpat_${hex(32, 57)}`],
  ['notion', `ntn_${made(46, 58)}`],
  ['databricks', `dapi${hex(32, 59)}`],
  ['jwt', `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${url64(43, 60)}`],
  ['bearer', `Authorization: Bearer ${hex(40, 61)}`],
  ['short bearer', 'Authorization: Bearer k3y9x2q7'],
  ['basic', `Authorization: Basic ${Buffer.from('admin:s3cr3tpw').toString('base64')}`],
  ['url credentials', `postgres://app:${made(16, 62)}@db.example.com:5432/main`],
  ['password', `password=${made(14, 63)}`],
  ['api key', `api_key: ${made(28, 64)}`],
  ['client secret', `client_secret=${url64(34, 65)}`],
  ['pem', `-----BEGIN PRIVATE KEY-----\n${made(64, 66)}\n${made(64, 67)}\n-----END PRIVATE KEY-----`],
  ['email', 'jane.doe+test@mail.example.org'],
  ['card', '4111 1111 1111 1111'],
  ['card amex', '3782-822463-10005'],
  ['card plain', '5555555555554444'],
];

/** What must not be in the text any more: the secret, without the name before it. */
export function coreOf(secret: string): string {
  const bare = secret
    .replace(/^(?:Authorization: \w+ |[\w_]+(?:=|: )|https:\/\/hooks\.slack\.com\/services\/)/, '')
    .replace(/^postgres:\/\/app:([^@]+)@.*$/, '$1')
    .replace(/^-----BEGIN PRIVATE KEY-----\n(\w+)[\s\S]*$/, '$1');
  return bare;
}

/** Four ways in which a secret is met. */
export const WRAPPINGS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => `here it is ${secret} and more`,
  'json text': (secret) => JSON.stringify({ output: `first line\n${secret}\n"next" line` }),
  shell: (secret) => `$ export X='${secret}' && run --fast`,
  'url or header': (secret) =>
    /^[\w.:+-]+$/.test(secret)
      ? `GET https://api.example.com/v1?key=${secret}&page=2`
      : `X-Value: ${secret}\r\nAccept: */*`,
};

export const LOOK_ALIKES: readonly string[] = [
  '550e8400-e29b-41d4-a716-446655440000',
  'commit e83c5163316f89bfbde7d9ab23ca2e25604af290',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  '"integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="',
  'npm install @types/node@20.19.43 openai@6.49.0',
  'git clone git@github.com:example/project.git',
  'version 1.2.3-beta.4+build.567',
  'import task from "./task-runner-with-a-long-name-and-more.js"',
  '<div class="sk-fading-circle sk-circle-indicator-component-12">',
  'max_tokens=4096, "total_tokens": 1234567890123456',
  'password: string; token?: string; secret: boolean',
  'const password = process.env.DB_PASSWORD',
  'password=$DB_PASSWORD token=$(cat token) secret=<your-secret-here>',
  'const token = await getToken(user.id)',
  'api_key = os.environ["OPENAI_API_KEY"]',
  'token = tokenizer.encode(text)[0]',
  'apiKey: config.providers.openai.apiKey',
  '"password": {"type": "string", "minLength": 8}',
  'the token count was 1024 and the secret of success is patience',
  'password: required, passphrase: optional',
  'PASSWORD_FILE=/run/secrets/db_password TOKEN_URL=https://example.com/oauth2/token',
  'PWD=/home/al/projects/shop OLDPWD=/home/al',
  'curl -u 1000:1000 https://example.com',
  'docker run -u 1000:1000 -p 8080:80 -v /a:/b image:tag',
  'mkdir -p /tmp/a/b/c && cp -u src:1 dst',
  'mysql -h localhost -u root --port 3306 shop',
  'icon@2x.png background@3x.jpg',
  'systemctl status user@1000.service',
  'order 1234 5678 9012 3456 shipped',
  'timestamp 1700000000000 and 1700000000123456789',
  'id 4111111111111112',
  'call_9aB3dE5gH7jK9mN2pQ4rS6tU',
  'toolu_01A09q90qw90lq917835lq9',
  'chatcmpl-9aB3dE5gH7jK9mN2pQ4rS6tU8vW0',
  'req_011CSHoEeqs5C35K2UUqR7Fy',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
  'eyJ is how base64 of JSON begins',
  'https://example.com:8443/path?x=1#token',
  'http://localhost:3000/users/@me',
  'see https://user@example.com/repo for the file',
  'Bearer token required',
  'Authorization: Bearer <token>',
  'Authorization: see section 4, authorization: required',
  'https://example.com/list?key=name&page=2',
  'basic authentication is not used here',
  'arn:aws:iam::123456789012:role/service-role/my-role',
  'AKIA is the prefix of AWS keys',
  'ghp_ begins a GitHub token, hf_ one of Hugging Face',
  'fw_version_is_12 fw_update_available',
  'key-value-store key-0 key-frame',
  'npm_config_registry npm_package_version npm_lifecycle_event',
  'pa-11y and fc-list | sort',
  'xai-grok-4-fast-reasoning pplx-70b-online',
  'credentials: "same-origin", mode: "cors"',
  'tokens: [101, 2023, 2003], token_type_ids: [0, 0, 0]',
  '192.168.1.100:5432 10.0.0.1 fe80::1ff:fe23:4567:890a',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
  'error TS2345: Argument of type "string" at src/a.ts(12,34)',
  '3.14159265358979323846',
  'the pass rate is 99.5%, pass --force to override',
  'decorators @app.route @pytest.fixture @Injectable()',
];
