import type { MatchKeys } from './match.ts';
import type { AiRequestData, Message } from './types.ts';

const MAX_SYSTEM = 4000;
const MAX_PROMPT = 400;
/** From how many characters on a prompt that asks for a summary is an agent's own, whatever else the request holds. */
const LONG_PROMPT = 200;

/**
 * What the prompt of a request shows it to be. Calls that agents make beside the conversation say so: an instruction to name, sum up or check
 * something, alone or behind the whole history. `latest`: messages behind the last answer in the history.
 */
export function shapeOf(
  data: AiRequestData,
  system: readonly string[],
  latest: readonly Message[],
): MatchKeys['shape'] | undefined {
  const first = data.messages?.find((m) => m.role !== 'system');
  const opening = textOf(first).slice(0, MAX_PROMPT);
  const prompt = textOf(latest.at(-1));
  if (prompt.length >= LONG_PROMPT && COMPACTS.test(prompt)) return 'summary';
  if (SUGGESTS.test(prompt.slice(0, MAX_PROMPT))) return 'status';
  const isFresh = data.messages?.every((m) => m.role !== 'assistant') === true;
  if ((data.tools?.length ?? data.tools_count ?? 0) === 0) {
    const shape = isFresh
      ? freshShape(system, latest)
      : STATUS.test(prompt.slice(0, MAX_PROMPT * 4))
        ? 'status'
        : undefined;
    if (shape !== undefined) return shape;
  }
  return CONTINUED.test(opening) ? 'continued' : undefined;
}

/** A prompt that replaces a history by a summary (Claude Code, Codex CLI, Gemini CLI, opencode). */
const COMPACTS =
  /\b(create|write|provide|generate|produce)\b[^.\n]{0,60}\bsummary\b[^.\n]{0,60}\b(conversation|session|chat|history|llm|agent|so far)\b|\bcontext checkpoint compaction\b|<state_snapshot>/i;
/** How a history begins that goes on from such a summary. */
const CONTINUED =
  /\b(continu(?:ed|ing|es) from a previous (?:conversation|session|context)|(?:conversation|session|history) (?:has been|was|is) (?:compacted|summari[sz]ed|compressed)|summary of (?:the|our|my|this) (?:previous |earlier )?(?:conversation|session|chat|work)|another language model started to solve this problem|context was compacted)\b|^\s*<(?:conversation_|previous_)?summary>|<state_snapshot>/i;
/** What asks for the user's next words (Claude Code). */
const SUGGESTS = /^\s*\[SUGGESTION MODE/;
const STATUS =
  /\b(gerund|spinner|next speaker|who should speak next|is this a new topic|suggest what the user (?:might|could|would))\b/i;

/** A request of one question, no tools. */
function freshShape(system: readonly string[], latest: readonly Message[]): MatchKeys['shape'] | undefined {
  if (latest.some((m) => m.role !== 'user') || latest.length > 2) return undefined;
  const prompt = latest.map(textOf).join('\n');
  if (/^\s*quota\s*$/i.test(prompt)) return 'quota';
  const asked = `${system.join('\n').slice(0, MAX_SYSTEM)}\n${prompt.slice(0, MAX_PROMPT)}`;
  if (
    /\b(short|concise|brief)?\s*\b(title|topic|headline)\b/i.test(asked) &&
    /\b(title|topic|headline)\b[^.\n]{0,80}\b(for|of|generat|write|conversation|session|chat|alone|words)/i.test(asked)
  )
    return 'title';
  if (
    /\b(summari[sz]e|summary)\b/i.test(asked) &&
    /\b(conversation|so far|session|chat|history|words|characters)\b/i.test(asked) &&
    !CONTINUED.test(prompt.slice(0, MAX_PROMPT))
  )
    return 'summary';
  return STATUS.test(asked) ? 'status' : undefined;
}

/** Whether a message holds the mark that an agent leaves where the user stopped it (Claude Code, Codex CLI). */
export function isInterrupted({ parts, content }: Message): boolean {
  if (parts === undefined) return typeof content === 'string' && INTERRUPTED.test(content);
  return parts.some(
    (part) => part.type === 'text' && typeof part.content === 'string' && INTERRUPTED.test(part.content),
  );
}

const INTERRUPTED = /^\s*(?:\[Request interrupted by user|<turn_aborted>)/;

/** The text of a message without the reminders that agents put beside the user's words. */
function textOf(message: Message | undefined): string {
  if (message === undefined) return '';
  if (message.parts === undefined) return typeof message.content === 'string' ? message.content : '';
  let text = '';
  for (const part of message.parts)
    if (part.type === 'text' && typeof part.content === 'string' && !part.content.startsWith('<system-reminder>'))
      text += part.content;
  return text;
}
