import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialsOf } from '../../../../processors/decode/identity/credentials.ts';
import { REQUEST_HEADERS, RESPONSE_HEADERS } from '../../../../processors/decode/identity/header-table.ts';
import { keptOfRequest, keptOfResponse } from '../../../../processors/decode/identity/headers.ts';
import { cloudPlaceOf } from '../../../../processors/decode/identity/place.ts';
import { headOf } from './heads.ts';

const kept = (headers: Record<string, string>, secrets: readonly string[] = []) =>
  keptOfRequest(new Map(Object.entries(headers)), secrets);

describe('the tables', () => {
  const rules = [...REQUEST_HEADERS, ...RESPONSE_HEADERS];

  test('name their source and one target', () => {
    for (const rule of rules) {
      expect(rule.source).not.toBe('');
      expect(rule.header).toBe(rule.header.toLowerCase());
      expect((rule.attr === undefined) !== (rule.provider === undefined)).toBe(true);
    }
  });

  test('name no header that authenticates, and no baggage', () => {
    const names = rules.map(({ header }) => header);
    expect(
      names.filter((name) => /^(?:.*(?:auth|cookie|secret|api-key|token$|security).*|baggage)$/.test(name)),
    ).toEqual([]);
  });
});

test.each([
  ['x-claude-code-session-id', 'a-b-c', 'oisp.session.id', 'a-b-c'],
  ['session_id', 'a-b-c', 'oisp.session.id', 'a-b-c'],
  ['x-claude-code-agent-id', 'agent-1', 'oisp.agent.id', 'agent-1'],
  ['x-claude-code-parent-agent-id', 'agent-0', 'oisp.claude_code.parent_agent_id', 'agent-0'],
  ['originator', 'codex_cli_rs', 'oisp.client.originator', 'codex_cli_rs'],
  ['x-app', 'cli', 'oisp.client.app', 'cli'],
  ['x-title', 'My App', 'oisp.client.title', 'My App'],
  ['http-referer', 'https://u:p@my.app/page?key=1#x', 'oisp.client.url', 'https://my.app/page'],
  ['anthropic-version', '2026-10-21', 'oisp.request.api_version', '2026-10-21'],
  ['anthropic-beta', 'oauth-2025-04-20, x y,b', 'oisp.request.beta', ['oauth-2025-04-20', 'b']],
  ['x-stainless-runtime', 'node', 'process.runtime.name', 'node'],
  ['x-stainless-retry-count', '2', 'http.request.resend_count', 2],
  ['x-stainless-retry-count', '0', 'http.request.resend_count', undefined],
  ['amz-sdk-request', 'attempt=3; max=3', 'http.request.resend_count', 2],
  [
    'x-goog-api-client',
    'google-genai-sdk/2.32.0 gl-node/v20',
    'oisp.client.sdk',
    'google-genai-sdk/2.32.0 gl-node/v20',
  ],
  ['editor-version', 'vscode/1.98.0', 'oisp.client.editor', 'vscode/1.98.0'],
  ['copilot-integration-id', 'vscode-chat', 'oisp.client.integration', 'vscode-chat'],
  ['x-codex-turn-metadata', '{"thread_id":"t","turn_id":"u"}', 'oisp.session.id', 't'],
  ['x-codex-turn-metadata', '{"session_id":"s","thread_id":"t"}', 'oisp.session.id', 's'],
  ['x-codex-turn-metadata', '{"turn_id":"u","workspaces":{"/secret":1}}', 'oisp.turn.id', 'u'],
  ['x-codex-turn-metadata', '[1]', 'oisp.turn.id', undefined],
  ['traceparent', '00-0af7-b7ad-01', 'traceparent', '00-0af7-b7ad-01'],
  ['user-agent', `a\u0000b\u00e9${'x'.repeat(600)}`, 'user_agent.original', `a?b?${'x'.repeat(508)}`],
  ['x-session-id', 'a b', 'oisp.session.id', undefined],
  ['x-session-id', 'x'.repeat(129), 'oisp.session.id', undefined],
])('%s: %s is kept as %s', (header, value, attr, want) => {
  expect(kept({ [header]: value }).attrs[attr]).toEqual(want);
});

test.each([
  'baggage',
  'x-claude-code-ide-authorization',
  'x-claude-code-remote-session-token',
  'vscode-machineid',
  'cookie',
])('%s is dropped', (header) => {
  expect(kept({ [header]: 'value-of-it' })).toEqual({ attrs: {}, provider: {} });
});

test('the first of several headers counts', () => {
  const { attrs } = kept({
    'session-id': 'second',
    'x-claude-code-session-id': 'first',
    'x-codex-turn-metadata': '{"session_id":"third"}',
  });
  expect(attrs['oisp.session.id']).toBe('first');
});

test('organisation and project are fields of the provider', () => {
  expect(kept({ 'openai-organization': 'org-1', 'openai-project': 'proj_1' }).provider).toEqual({
    organization_id: 'org-1',
    project_id: 'proj_1',
  });
  expect(kept({ 'x-goog-user-project': 'my-project' }).provider).toEqual({ project_id: 'my-project' });
});

test('a value that holds a credential is dropped', () => {
  const key = 'sk-proj-0123456789';
  const { attrs } = kept({ 'user-agent': `tool/1 (${key})`, 'x-session-id': key, 'x-app': 'cli' }, [key]);
  expect(attrs).toEqual({ 'oisp.client.app': 'cli' });
});

test('answers tell the account, the id of the request and what is left', () => {
  const headers = new Map(
    Object.entries({
      'anthropic-organization-id': '5a-b',
      'request-id': 'req_1',
      'cf-ray': '9a58ca77c9633cff-CDG',
      'openai-processing-ms': '1194',
      'x-ratelimit-remaining-requests': '29999',
      'x-ratelimit-remaining-tokens': 'many',
      'set-cookie': 'a=b',
    }),
  );
  expect(keptOfResponse(headers)).toEqual({
    provider: { organization_id: '5a-b' },
    attrs: {
      'oisp.provider.request_id': 'req_1',
      'oisp.provider.cf_ray': '9a58ca77c9633cff-CDG',
      'oisp.provider.processing_ms': 1194,
      'oisp.ratelimit.requests.remaining': 29999,
    },
  });
});

test('kept values are bounded and printable, whatever is sent', () => {
  const header = fc.constantFrom(...REQUEST_HEADERS.map((rule) => rule.header), 'x-claude-code-x-id');
  fc.assert(
    fc.property(header, fc.string({ unit: 'binary', maxLength: 3000 }), (name, value) => {
      const found = kept({ [name]: value });
      for (const text of JSON.stringify(Object.values({ ...found.attrs, ...found.provider })).match(/"[^"]*"/g) ?? [])
        expect(text).toMatch(/^[\x20-\x7e]{0,1100}$/);
    }),
  );
});

const SIGNED = 'AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261120/eu-west-1/bedrock/aws4_request, Signature=ab';

test.each([
  {
    head: headOf('acme-eu.openai.azure.com', {}, '/openai/deployments/gpt-4o/chat/completions?api-version=2026-01-01'),
    attrs: {
      'azure.resource_provider.namespace': 'Microsoft.CognitiveServices',
      'oisp.azure.resource': 'acme-eu',
      'oisp.azure.deployment': 'gpt-4o',
      'oisp.request.api_version': '2026-01-01',
    },
    provider: {},
  },
  {
    head: headOf('bedrock-runtime.us-east-1.amazonaws.com', {}, '/model/x/converse'),
    attrs: {},
    provider: { region: 'us-east-1' },
  },
  {
    head: headOf('gateway.example.com', { authorization: SIGNED }),
    attrs: { 'oisp.aws.service': 'bedrock' },
    provider: { region: 'eu-west-1' },
  },
  {
    head: headOf('us-central1-aiplatform.googleapis.com', {}, '/v1/projects/p-1/locations/us-central1/publishers/x'),
    attrs: {},
    provider: { project_id: 'p-1', region: 'us-central1' },
  },
  { head: headOf('api.openai.com'), attrs: {}, provider: {} },
])('host and path of $head.host tell the place', ({ head, attrs, provider }) => {
  expect(cloudPlaceOf(head, credentialsOf(head))).toEqual({ attrs, provider });
});
