/**
 * Writes the sessions of `test/golden/stories` as files: `<name>/story.md`, `<name>/events.jsonl` and, where a story needs it, `<name>/config.yaml`. The
 * trees beside them are not touched. Usage: npx tsx test/golden/write.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf } from './files.ts';
import { stories } from './stories/index.ts';

for (const story of stories) {
  const folder = join(import.meta.dirname, story.name);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of filesOf(story)) writeFileSync(join(folder, name), text);
}
