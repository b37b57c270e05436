import type { OispEvent } from './types.ts';

/** A 64-bit prefix of HMAC-SHA-256 under the local key, base64url without padding (11 characters). */
export type Key = string;

/**
 * What `correlate` compares instead of text. Written into `attrs["oisp.match"]` by the first of `decode`, `redact`, `correlate` that
 * sees an unstamped event; exporters drop it. Each field only where the event has something to compare.
 */
export interface MatchKeys {
  /**
   * ai.request: one key per part of its messages in canonical form (system messages and reasoning left out), so that the grouping of parts
   * into messages does not matter. ai.response: the parts of the answer.
   */
  readonly messages?: readonly Key[];
  /** ai.request: where in `messages` the keys of the last answer in its history begin and end (exclusive). */
  readonly answer?: readonly [from: number, to: number];
  /** ai.request: the system prompt, and names and schemas of the tools. */
  readonly system?: Key;
  readonly tools?: Key;
  /**
   * Text parts, lines, what follows the first colon of a line, and sentences, of 16+ characters. ai.request: of the first user message.
   * ai.response: of the answer. agent.tool_call: of its arguments.
   */
  readonly lines?: readonly Key[];
  /** ai.request: the same of the user's words behind the last answer in its history. */
  readonly latest?: readonly Key[];
  /**
   * ai.request: what its prompt shows it to be, where it is one of the calls that agents make beside the conversation; `continued`: its
   * history begins with a summary of an earlier one.
   */
  readonly shape?: 'title' | 'summary' | 'quota' | 'status' | 'continued';
  /** ai.request: behind the last answer stands the mark that agents leave where the user stopped them. */
  readonly interrupted?: true;
  /** ai.request: characters of assistant text in the history, for weighing equal prefixes. */
  readonly weight?: number;
  /** agent.tool_call: all arguments, as JSON with sorted keys. */
  readonly args?: Key;
  /** ai.request: folders that the system prompt or the first user message names. */
  readonly places?: readonly Key[];
  /** agent.tool_call: string arguments that are long or more than a word. process.exec: such elements of argv. */
  readonly strings?: readonly Key[];
  /** The same of short plain words, which are weak evidence. */
  readonly words?: readonly Key[];
  /** agent.tool_call: simple commands of a shell argument. process.exec: its argv, unwrapped the same way. */
  readonly commands?: readonly Key[];
  /** The programs of these commands. */
  readonly programs?: readonly Key[];
  /** process.exec: it reads what it is to run from its input: a shell or interpreter without a script, a terminal multiplexer. */
  readonly readsCommands?: true;
  /** agent.tool_call: folders from which its relative paths may count. process.exec: the folder that it began in. */
  readonly cwds?: readonly Key[];
  /** agent.tool_call, file.*: absolute paths; of a rename the new one first. */
  readonly paths?: readonly Key[];
  /**
   * agent.tool_call: relative paths as written, by their last three components, and beside it the number of all of them (0: counted from a
   * folder that is not known). file.*: the path's last components, one key per length up to three.
   */
  readonly tails?: readonly Key[];
  readonly depths?: readonly number[];
  /** agent.tool_call: folders that it may look through. file.*: the folders above, nearest first. */
  readonly folders?: readonly Key[];
  /** file.*: how many of `folders` see the file without a hidden name between. */
  readonly visible?: number;
  /** file.*: path and tails of the file that this one is by its name a temporary or backup file of. */
  readonly madeFor?: readonly Key[];
  readonly madeForTails?: readonly Key[];
  /** agent.tool_call, network.*: host names and addresses. ai.request: where the model is asked. */
  readonly hosts?: readonly Key[];
  /** network.*: the domains above the host name. */
  readonly domains?: readonly Key[];
  /** network.dns: the addresses that the name stands for. */
  readonly answers?: readonly Key[];
  /** network.*: by its name a host that programs report to for themselves. */
  readonly isReporting?: true;
}

/** Stamps events with match keys under one local key. Keys of texts are memoised: agents resend their history with every call. */
export interface Matcher {
  /** The event with `attrs["oisp.match"]`; the same event when it has one already or has nothing to compare. */
  stamp(event: OispEvent): OispEvent;
  /** HMAC-SHA-256 of a credential under the local key, as `hmac-sha256:` and 64 hex digits. Not kept anywhere. */
  hashOf(secret: string): string;
}

export const MATCH_ATTR = 'oisp.match';

/** The keys of a stamped event. */
export function matchOf(event: OispEvent): MatchKeys | undefined {
  return event.attrs?.[MATCH_ATTR] as MatchKeys | undefined;
}
