import { expect, test } from 'vitest';
import { tool, toolChoiceOf } from '../../../processors/decode/normal.ts';

test('a tool choice is one word, whatever form the provider gives it', () => {
  expect(toolChoiceOf('auto')).toBe('auto');
  expect(toolChoiceOf({ type: 'any' })).toBe('required');
  expect(toolChoiceOf({ type: 'tool', name: 'read' })).toBe('specific');
  expect(toolChoiceOf({ type: 'function', function: { name: 'read' } })).toBe('specific');
  expect(toolChoiceOf({ name: 'read' })).toBe('specific');
  expect(toolChoiceOf({ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [] } })).toBe('required');
  expect(toolChoiceOf({ type: 'none' })).toBe('none');
  for (const nothing of [undefined, null, '', 7]) expect(toolChoiceOf(nothing)).toBeUndefined();
});

test('the type of a tool is one that the spec names', () => {
  expect(tool('read', 'function', undefined, undefined)).toEqual({ name: 'read', type: 'function' });
  expect(tool('bash', 'bash_20250124', undefined, undefined)).toEqual({ name: 'bash', type: 'other' });
  expect(tool(undefined, 'web_search', undefined, undefined)).toEqual({ name: 'web_search', type: 'other' });
});
