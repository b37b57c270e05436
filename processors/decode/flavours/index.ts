import type { CallHead, CallMatch, Flavour } from '../flavour.ts';
import { anthropicComplete, anthropicMessages } from './anthropic.ts';
import { googleEmbed, googleGenerate } from './google.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';
import { openaiCompletions, openaiEmbeddings, otherOperations } from './openai-text.ts';

/** The flavours that come with the collector. */
export const flavours: readonly Flavour[] = [
  anthropicMessages,
  openaiChat,
  openaiResponses,
  googleGenerate,
  openaiCompletions,
  openaiEmbeddings,
  googleEmbed,
  anthropicComplete,
  otherOperations,
];

/** The first flavour that takes a call. */
export function flavourOf(
  head: CallHead,
  known: readonly Flavour[],
): { readonly flavour: Flavour; readonly match: CallMatch } | undefined {
  for (const flavour of known) {
    const match = flavour.match(head);
    if (match !== undefined) return { flavour, match };
  }
  return undefined;
}
