import { expect, test } from 'vitest';
import { applicationOf, appOf, appOfFile } from '../../../core/index.ts';

test.each([
  { name: 'claude-cli', id: 'claude-code', title: 'Claude Code', vendor: 'Anthropic' },
  { name: '@openai/codex', id: 'codex', title: 'Codex', vendor: 'OpenAI' },
  { name: 'GeminiCLI', id: 'gemini-cli', title: 'Gemini CLI', vendor: 'Google' },
  { name: 'opencode', id: 'opencode', title: 'OpenCode', vendor: undefined },
])('$name is $title', ({ name, id, title, vendor }) => {
  expect(applicationOf(name)).toBe(id);
  const app = { app_id: id, name: title, ...(vendor && { vendor }), tier: 'identified', is_ai_app: true };
  expect(appOf(name)).toEqual(app);
  expect(appOfFile(name)).toBe(appOf(name));
});

test('a file name under which other programs run too says nothing, a user agent does', () => {
  expect(appOf('goose')?.app_id).toBe('goose');
  expect(appOfFile('goose')).toBeUndefined();
  expect(appOfFile('goosed')?.app_id).toBe('goose');
});

test.each([undefined, '', 'node', 'constructor', '__proto__'])('%s is no application', (name) => {
  expect(applicationOf(name)).toBeUndefined();
  expect(appOf(name)).toBeUndefined();
  expect(appOfFile(name)).toBeUndefined();
});
