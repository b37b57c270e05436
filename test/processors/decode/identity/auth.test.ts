import { expect, test } from 'vitest';
import type { CallHead } from '../../../../processors/decode/flavour.ts';
import { authOf } from '../../../../processors/decode/identity/auth.ts';
import { credentialsOf } from '../../../../processors/decode/identity/credentials.ts';
import { headOf, tokenWith } from './heads.ts';

const auth = (head: CallHead) => authOf(head, credentialsOf(head), (secret) => `hash(${secret})`);

const OPENAI = 'api.openai.com';
const jwt = tokenWith({ sub: 'u' });

test.each([
  { name: 'bearer', headers: { authorization: 'Bearer sk-proj-0123456789' }, type: 'api_key', prefix: 'sk-proj-' },
  { name: 'bearer in any case', headers: { authorization: 'bearer abcdef' }, type: 'api_key', prefix: 'abc' },
  { name: 'x-api-key', headers: { 'x-api-key': 'sk-ant-api03-xyz' }, type: 'api_key', prefix: 'sk-ant-a' },
  { name: 'x-goog-api-key', headers: { 'x-goog-api-key': 'AIzaSyA0123456789' }, type: 'api_key', prefix: 'AIzaSyA0' },
  { name: 'api-key of Azure', headers: { 'api-key': '0123456789abcdef' }, type: 'api_key', prefix: '01234567' },
  { name: 'key in the query', target: '/x?alt=sse&key=AIzaSy%2D0123456', type: 'api_key', prefix: 'AIzaSy-' },
  { name: 'Replicate', headers: { authorization: 'Token r8_0123456789abc' }, type: 'api_key', prefix: 'r8_01234' },
  { name: 'no scheme', headers: { authorization: 'dashscope-0123456789' }, type: 'api_key', prefix: 'dashscop' },
  { name: 'basic', headers: { authorization: `Basic ${btoa('user:pass word')}` }, type: 'api_key' },
  { name: 'basic, key as name', headers: { authorization: `Basic ${btoa('key0123456789:')}` }, type: 'api_key' },
  { name: 'Claude login', headers: { authorization: 'Bearer sk-ant-oat01-xyzxyz' }, type: 'oauth', prefix: 'sk-ant-o' },
  { name: 'Google login', headers: { authorization: 'Bearer ya29.a0AbCdEf123' }, type: 'oauth', prefix: 'ya29.a0A' },
  { name: 'JSON web token', headers: { authorization: `Bearer ${jwt}` }, type: 'oauth', prefix: 'eyJhbGci' },
  { name: 'Copilot', headers: { authorization: 'Bearer tid=abcdef;exp=1;sku=x' }, type: 'oauth' },
  {
    name: 'Google service account',
    headers: { authorization: 'Bearer ya29.c.c0AbCdEf12' },
    type: 'service_account',
    prefix: 'ya29.c.c',
  },
  {
    name: 'OpenAI service account',
    headers: { authorization: 'Bearer sk-svcacct-012345' },
    type: 'service_account',
    prefix: 'sk-svcac',
  },
  {
    name: 'Entra ID application',
    headers: { authorization: `Bearer ${tokenWith({ idtyp: 'app' })}` },
    type: 'service_account',
    prefix: 'eyJhbGci',
  },
  { name: 'dashboard', headers: { authorization: 'Bearer sess-0123456789ab' }, type: 'session', prefix: 'sess-012' },
  { name: 'cookie', headers: { cookie: 'a=b; sessionKey=sk-ant-sid01-xyz; c=d' }, type: 'session' },
  { name: 'SAPISIDHASH', headers: { authorization: 'SAPISIDHASH 1790000000_abcdef' }, type: 'session' },
  {
    name: 'SigV4',
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261120/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=ab',
    },
    type: 'api_key',
    prefix: 'AKIA',
  },
  {
    name: 'SigV4 with a temporary key in the query',
    target: '/x?X-Amz-Credential=ASIAABCDEFGHIJKLMNOP%2F20261120%2Fus-east-1%2Fbedrock%2Faws4_request',
    type: 'session',
    prefix: 'ASIA',
  },
  {
    name: 'subprotocol',
    headers: {
      'sec-websocket-protocol': 'realtime, openai-insecure-api-key.ek_0123456789abcd, openai-beta.realtime-v1',
    },
    type: 'session',
    prefix: 'ek_01234',
  },
  {
    name: 'subprotocol of xAI',
    headers: { 'sec-websocket-protocol': 'xai-client-secret.0123456789abcdef' },
    type: 'api_key',
    prefix: '01234567',
  },
  { name: 'nothing', type: 'none' },
  { name: 'cookies of the network only', headers: { cookie: '__cf_bm=0123456789; _cfuvid=x' }, type: 'none' },
  { name: 'a scheme that nobody knows', headers: { authorization: 'Negotiate YII' }, type: 'unknown' },
  { name: 'an empty bearer', headers: { authorization: 'Bearer ' }, type: 'unknown' },
])('$name is of type $type', ({ headers, target, type, prefix }) => {
  const found = auth(headOf(OPENAI, headers as Record<string, string> | undefined, target));
  expect(found.type).toBe(type);
  expect(found.key_prefix).toBe(prefix);
  expect((found.key_prefix ?? '').length).toBeLessThanOrEqual(8);
  expect(found.key_hash === undefined).toBe(type === 'none' || type === 'unknown');
});

test('the prefix is never more than half of the key', () => {
  for (let n = 1; n <= 20; n++) {
    const key = 'k'.repeat(n);
    const shown = auth(headOf(OPENAI, { 'x-api-key': key })).key_prefix ?? '';
    expect(shown.length).toBeLessThanOrEqual(Math.min(8, n / 2));
  }
});

test('one key has one hash, however it is sent', () => {
  const key = 'AIzaSy-0123456789';
  const hashes = [
    headOf(OPENAI, { authorization: `Bearer ${key}` }),
    headOf(OPENAI, { 'x-api-key': key }),
    headOf(OPENAI, { 'x-goog-api-key': key }),
    headOf(OPENAI, { 'api-key': `Bearer ${key}` }),
    headOf(OPENAI, {}, `/x?key=${key}`),
  ].map((head) => auth(head).key_hash);
  expect(new Set(hashes)).toEqual(new Set([`hash(${key})`]));
});

const plan = (name: string): Record<string, string> => ({
  authorization: `Bearer ${tokenWith({ 'https://api.openai.com/auth': { chatgpt_plan_type: name } })}`,
});
const KEY = { authorization: 'Bearer sk-0123456789abcdef' };

test.each([
  { host: 'chatgpt.com', headers: plan('plus'), account: 'personal' },
  { host: 'chatgpt.com', headers: plan('Enterprise'), account: 'corporate' },
  { host: 'chatgpt.com', headers: plan('another'), account: 'unknown' },
  {
    host: 'chatgpt.com',
    headers: { authorization: `Bearer ${tokenWith({ hd: 'example.com' })}` },
    account: 'corporate',
  },
  { host: 'api.individual.githubcopilot.com', headers: KEY, account: 'personal' },
  { host: 'api.business.githubcopilot.com', headers: KEY, account: 'corporate' },
  { host: 'acme.openai.azure.com', headers: { 'api-key': '0123456789abcdef' }, account: 'corporate' },
  { host: OPENAI, headers: { ...KEY, 'openai-organization': 'org-abc' }, account: 'corporate' },
  { host: OPENAI, headers: { ...KEY, 'openai-organization': 'user-abc' }, account: 'personal' },
  { host: OPENAI, headers: { authorization: 'Bearer sk-svcacct-0123456789' }, account: 'corporate' },
  { host: 'api.githubcopilot.com', headers: { ...KEY, 'openai-organization': 'github-copilot' }, account: 'unknown' },
  { host: 'models.github.ai', headers: { authorization: 'Bearer ghs_0123456789' }, account: 'shared' },
  { host: 'router.huggingface.co', headers: { authorization: 'Bearer api_org_0123456789' }, account: 'shared' },
  {
    host: 'us-central1-aiplatform.googleapis.com',
    headers: { authorization: 'Bearer ya29.a0xyz' },
    account: 'corporate',
  },
  { host: OPENAI, headers: KEY, account: 'unknown' },
  { host: OPENAI, headers: {}, account: undefined },
])('an account at $host is $account', ({ host, headers, account }) => {
  expect(auth(headOf(host, headers)).account_type).toBe(account);
});

test('a token with claims that cannot be read is a token all the same', () => {
  for (const token of ['eyJ', 'eyJ.e30', 'eyJhbGciOiJub25lIn0.bm8ganNvbg.', `eyJ.${'e'.repeat(20_000)}`])
    expect(auth(headOf(OPENAI, { authorization: `Bearer ${token}` })).type).toBe('oauth');
});
