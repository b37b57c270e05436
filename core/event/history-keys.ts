import { ListMemo, originOf } from '../growing.ts';
import type { Key } from './match.ts';
import type { Message } from './types.ts';

/** The keys of one message. */
export interface MessageKeys {
  readonly message: Message;
  /** Undefined of a system message. */
  readonly keys: readonly Key[] | undefined;
  /** Characters of an assistant's text; undefined of other messages. */
  readonly said: number | undefined;
  /** Folders that it names; undefined where it names none, and of an assistant's. */
  readonly places: readonly Key[] | undefined;
}

/** What the messages of a request tell together. Nobody may change its lists. */
export interface HistoryKeys {
  readonly keys: readonly Key[];
  /** The last answer in `keys`: where it begins, and ends. */
  readonly answer: readonly [from: number, to: number] | undefined;
  /** Texts of system messages. */
  readonly system: readonly string[];
  /** Messages before the first answer, and behind the last one; none of the system's. */
  readonly opening: readonly Message[];
  readonly latest: readonly Message[];
  /** Characters of all answers. */
  readonly weight: number;
  /** Folders that are named before the first answer. */
  readonly places: readonly Key[];
  /** Whose the last message is. */
  readonly last: Message['role'] | undefined;
}

const NOTHING: HistoryKeys = {
  keys: [],
  answer: undefined,
  system: [],
  opening: [],
  latest: [],
  weight: 0,
  places: [],
  last: undefined,
};

const MAX_PLACES = 64;

/** Sums of histories, by the list of their messages: the sum of a list that goes on begins with that of the earlier one. */
export class HistorySums {
  readonly #known = new ListMemo<HistoryKeys>();

  /** An assistant's message at the end is one that the request begins itself: its keys are there, but it is no answer. */
  of(list: readonly MessageKeys[]): HistoryKeys {
    const last = list.at(-1);
    const isBegun = last?.said !== undefined;
    const sum = this.#sum(list, isBegun ? list.length - 1 : list.length);
    return isBegun && last.keys !== undefined ? { ...sum, keys: [...sum.keys, ...last.keys] } : sum;
  }

  #sum(list: readonly MessageKeys[], to: number): HistoryKeys {
    const origin = originOf(list) as { readonly from: readonly MessageKeys[]; readonly kept: number } | undefined;
    const isWhole = origin !== undefined && origin.kept === origin.from.length && origin.kept <= to;
    const before = isWhole && origin.from.at(-1)?.said === undefined ? this.#known.get(origin.from) : undefined;
    const sum = added(before ?? NOTHING, list, before === undefined ? 0 : (origin?.kept ?? 0), to);
    this.#known.set(list, sum);
    return sum;
  }
}

function added(before: HistoryKeys, list: readonly MessageKeys[], from: number, to: number): HistoryKeys {
  const more: Key[] = [];
  const system = before.system.slice();
  // behind an answer it stays as it is, and so does what was worked out for it
  const opening = before.answer === undefined ? before.opening.slice() : before.opening;
  let latest = before.latest.slice();
  let { answer, weight, places, last } = before;
  for (let i = from; i < to; i++) {
    const { message, keys, said, places: named } = list[i] as MessageKeys;
    if (named !== undefined && answer === undefined && places.length < MAX_PLACES)
      places = [...new Set([...places, ...named])];
    if (keys === undefined) {
      if (typeof message.content === 'string') system.push(message.content);
      continue;
    }
    const start = before.keys.length + more.length;
    for (const key of keys) more.push(key);
    if (said !== undefined) {
      weight += said;
      answer = [last === 'assistant' && answer ? answer[0] : start, start + keys.length];
      latest = [];
    } else {
      if (answer === undefined) (opening as Message[]).push(message);
      latest.push(message);
    }
    last = message.role;
  }
  const all = before.keys.concat(more);
  return { keys: all, answer, system, opening, latest, weight, places, last };
}
