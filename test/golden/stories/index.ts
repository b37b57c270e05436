import { agents } from './agents.ts';
import { effects } from './effects.ts';
import type { Story } from './story.ts';
import { tools } from './tools.ts';
import { turns } from './turns.ts';

export const stories: readonly Story[] = [...turns, ...tools, ...agents, ...effects];
