import { expect, test } from 'vitest';
import { callerOf } from '../../../../processors/decode/identity/caller.ts';
import { headOf } from './heads.ts';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36';

test.each([
  { headers: { 'user-agent': 'claude-cli/2.1.92 (external, cli)' }, app: 'claude-code', version: '2.1.92' },
  { headers: { 'user-agent': 'codex_cli_rs/0.169.0 (Linux)' }, app: 'codex', version: '0.169.0' },
  { headers: { 'user-agent': 'node', originator: 'codex_exec' }, app: 'codex', version: undefined },
  { headers: { 'user-agent': 'Bun/1.4', 'x-claude-code-session-id': 's' }, app: 'claude-code', version: undefined },
  { headers: { 'copilot-integration-id': 'copilot-developer-cli' }, app: 'copilot-cli', version: undefined },
  { headers: { 'user-agent': 'OpenAI/JS 6.49.0', 'x-title': 'Cline' }, app: 'cline', version: undefined },
  { headers: { 'user-agent': 'OpenAI/JS 6.49.0' }, app: undefined, version: undefined },
])('$headers is $app', ({ headers, app, version }) => {
  const found = callerOf(headOf('api.openai.com', headers as Record<string, string>)).app;
  expect(found?.app_id).toBe(app);
  expect(found?.version).toBe(version);
});

test.each([
  {
    name: 'a page of a known app',
    headers: { origin: 'https://chatgpt.com', referer: 'https://chatgpt.com/c/1?model=x#y' },
    want: {
      origin: 'https://chatgpt.com',
      referer: 'https://chatgpt.com/c/1',
      user_agent: BROWSER,
      web_app_id: 'chatgpt-web',
      web_app_name: 'ChatGPT',
      web_app_type: 'direct',
    },
  },
  {
    name: 'an app that embeds a model',
    headers: { origin: 'https://www.notion.so' },
    want: {
      origin: 'https://www.notion.so',
      user_agent: BROWSER,
      web_app_id: 'notion-ai',
      web_app_name: 'Notion AI',
      web_app_type: 'embedded',
    },
  },
  {
    name: 'a page without an origin of its own',
    headers: { origin: 'null', 'sec-fetch-site': 'cross-site' },
    want: { user_agent: BROWSER },
  },
  { name: 'an origin that is no URI', headers: { origin: 'a b' }, want: { user_agent: BROWSER } },
  {
    name: 'an extension',
    headers: { origin: 'chrome-extension://abcdefgh' },
    want: { origin: 'chrome-extension://abcdefgh', user_agent: BROWSER },
  },
  {
    name: 'a host that only looks like one',
    headers: { origin: 'https://notclaude.ai' },
    want: { origin: 'https://notclaude.ai', user_agent: BROWSER },
  },
])('$name', ({ headers, want }) => {
  const head = headOf('api.openai.com', { 'user-agent': BROWSER, ...(headers as Record<string, string>) });
  expect(callerOf(head).web_context).toEqual(want);
});

test('a program that is no browser has no page', () => {
  expect(
    callerOf(headOf('api.openai.com', { 'user-agent': 'node', origin: 'https://x.y' })).web_context,
  ).toBeUndefined();
  expect(callerOf(headOf('api.openai.com', { 'user-agent': BROWSER })).web_context).toBeUndefined();
});

test('the host of the app tells it where the page says nothing', () => {
  const head = headOf('claude.ai', { 'user-agent': BROWSER, 'sec-fetch-site': 'same-origin' });
  expect(callerOf(head).web_context).toMatchObject({ web_app_id: 'claude-web' });
});
