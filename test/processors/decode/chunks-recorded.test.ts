import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { AiResponseData, OispEvent } from '../../../core/index.ts';
import type { ChunkData } from '../../../processors/decode/chunks.ts';
import { captureBy, shared, sharedTools, workFolder } from '../../pipeline/lab.ts';
import { skipsWithoutData } from '../../require.ts';
import { decode } from './capture.ts';

const exchanges = join(shared, 'data/exchanges');
const isThere = sharedTools && existsSync(exchanges);

/** The text of each choice, one after the other. */
function textOf(chunks: readonly ChunkData[]): string {
  const choices: string[] = [];
  for (const { delta } of chunks) {
    const at = delta.choice ?? 0;
    choices[at] = (choices[at] ?? '') + (delta.content ?? '');
  }
  return choices.join('');
}

function answerOf({ choices = [] }: AiResponseData): string {
  const parts = choices.flatMap(({ message }) => message.parts ?? []);
  return parts.map((part) => (part.type === 'text' ? String(part.content) : '')).join('');
}

describe.skipIf(skipsWithoutData('../shared/data/exchanges', isThere))('recorded streams', () => {
  const folder = workFolder();
  afterAll(() => folder.remove());

  test('are the sum of their chunks', { timeout: 60_000 }, async () => {
    const args = ['--in', exchanges, '--proto', 'h1', '--split', 'random', '--max', '400'];
    const path = await captureBy('exchanges-to-capture.mjs', join(folder.path, 'h1'), ...args);
    const lines = readFileSync(path ?? '', 'utf8').split('\n');
    const records = lines.filter((line) => line.startsWith('{')).map((line): OispEvent => JSON.parse(line));
    const { of } = decode(records, { streamingChunks: true });
    const chunks = new Map<string, ChunkData[]>();
    for (const { data } of of('ai.streaming_chunk')) {
      const chunk = data as ChunkData;
      chunks.set(chunk.request_id, [...(chunks.get(chunk.request_id) ?? []), chunk]);
    }
    let streams = 0;
    for (const { data } of of('ai.response')) {
      const answer = data as AiResponseData;
      if (answer.streaming !== true) continue;
      streams++;
      expect([answer.model?.id, textOf(chunks.get(answer.request_id) ?? [])]).toEqual([
        answer.model?.id,
        answerOf(answer),
      ]);
    }
    expect(streams).toBeGreaterThan(40);
  });
});
