import type { CallHead, CallMatch, Flavour } from '../flavour.ts';
import { anthropicComplete, anthropicMessages } from './anthropic.ts';
import { bedrockConverse, bedrockInvoke, bedrockOther } from './bedrock.ts';
import { cohereChatV1, cohereGenerate } from './cohere-v1.ts';
import { cohereChatV2, cohereEmbed } from './cohere-v2.ts';
import { googleEmbed, googleGenerate } from './google.ts';
import { googleInteractions } from './google-interactions.ts';
import { huggingfaceGenerate } from './huggingface.ts';
import { mistralConversations, mistralFim } from './mistral.ts';
import { ollamaChat, ollamaEmbed, ollamaGenerate } from './ollama.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses, openaiStoredResponses } from './openai-responses.ts';
import { openaiCompletions, openaiEmbeddings } from './openai-text.ts';
import { otherOperations } from './operations.ts';
import { replicatePredictions } from './replicate.ts';
import { watsonxGenerate } from './watsonx.ts';

/** The flavours that come with the collector. */
export const flavours: readonly Flavour[] = [
  anthropicMessages,
  openaiChat,
  openaiResponses,
  openaiStoredResponses,
  googleGenerate,
  googleInteractions,
  ollamaChat,
  ollamaGenerate,
  ollamaEmbed,
  cohereChatV2,
  cohereChatV1,
  cohereGenerate,
  cohereEmbed,
  huggingfaceGenerate,
  replicatePredictions,
  watsonxGenerate,
  mistralFim,
  mistralConversations,
  openaiCompletions,
  openaiEmbeddings,
  googleEmbed,
  anthropicComplete,
  bedrockConverse,
  bedrockInvoke,
  bedrockOther,
  otherOperations,
];

type Found = { readonly flavour: Flavour; readonly match: CallMatch } | undefined;

const FOUND = new WeakMap<CallHead, { readonly known: readonly Flavour[]; readonly found: Found }>();

/** The first flavour that takes a call; looked for once for a head. */
export function flavourOf(head: CallHead, known: readonly Flavour[]): Found {
  const before = FOUND.get(head);
  if (before?.known === known) return before.found;
  const found = search(head, known);
  FOUND.set(head, { known, found });
  return found;
}

function search(head: CallHead, known: readonly Flavour[]): Found {
  for (const flavour of known) {
    const match = flavour.match(head);
    if (match !== undefined) return { flavour, match };
  }
  return undefined;
}
