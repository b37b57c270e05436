import type { Teller } from '../teller.ts';

/** One session: its name is its folder's. */
export interface Story {
  readonly name: string;
  /** What the user and the agent do, what is hard about it, and what the tree must show. Markdown. */
  readonly about: string;
  /** Config of `correlate`, as YAML, where the story needs other values than the defaults. */
  readonly config?: string;
  readonly tell: (teller: Teller) => void;
}
