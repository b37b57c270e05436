import type { CallHead, CallMatch } from '../flavour.ts';
import type { SessionFlavour } from '../session-flavour.ts';
import { googleLive } from './google-live.ts';
import { openaiRealtime } from './openai-realtime.ts';
import { openaiResponsesSession } from './openai-responses-session.ts';

/** The APIs over WebSocket that come with the collector. */
export const sessionFlavours: readonly SessionFlavour[] = [openaiRealtime, openaiResponsesSession, googleLive];

/** The first session flavour that takes a connection. */
export function sessionFlavourOf(
  head: CallHead,
): { readonly flavour: SessionFlavour; readonly match: CallMatch } | undefined {
  for (const flavour of sessionFlavours) {
    const match = flavour.match(head);
    if (match !== undefined) return { flavour, match };
  }
  return undefined;
}
