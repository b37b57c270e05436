import type { Story } from './stories/story.ts';
import { Teller } from './teller.ts';

/** The files of a session by name, as they have to lie in its folder. */
export function filesOf(story: Story): Map<string, string> {
  const teller = new Teller(story.name);
  story.tell(teller);
  const title = story.name.replaceAll('-', ' ');
  const files = new Map([
    ['story.md', `# ${title}\n\n${story.about}\n`],
    ['events.jsonl', teller.events.map((event) => `${JSON.stringify(event)}\n`).join('')],
  ]);
  if (story.config !== undefined) files.set('config.yaml', story.config);
  return files;
}
