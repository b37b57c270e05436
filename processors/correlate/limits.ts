import { MIN_ATTRIBUTE_BYTES } from './fit.ts';

/** The options of `correlate` that a schema cannot bound; durations in milliseconds, sizes in bytes. */
interface Bounded {
  readonly reorder_window: number;
  readonly idle_timeout: number;
  readonly side_call_wait: number;
  readonly max_turn_duration: number;
  readonly max_bytes_per_trace: number;
  readonly content: { readonly max_attribute_bytes?: number | undefined; readonly preset: string };
}

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string;
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** Where Tempo cuts a text (`distributor.max_attribute_bytes`). */
const TEMPO_BYTES = 2048;
/** More than a backend takes in one span. */
const MAX_ATTRIBUTE_BYTES = 4 * 1024 * 1024;

/** What is wrong with the options. */
export function problemsOf(config: Bounded): Problem[] {
  const problems: Problem[] = [];
  const check = (
    path: readonly string[],
    value: number,
    from: number,
    to: number,
    between: string,
    hint: string,
  ): void => {
    if (value < from || value > to) problems.push({ path, message: `must be ${between}`, hint: `write ${hint}` });
  };
  check(['reorder_window'], config.reorder_window, 0, MINUTE, 'between 0s and 1m', '2s');
  check(['idle_timeout'], config.idle_timeout, 1000, 7 * DAY, 'between 1s and 168h', '30m');
  check(['side_call_wait'], config.side_call_wait, 0, 10 * MINUTE, 'between 0s and 10m', '10s');
  check(['max_turn_duration'], config.max_turn_duration, 1000, 7 * DAY, 'between 1s and 168h', '30m');
  check(['max_bytes_per_trace'], config.max_bytes_per_trace, 65_536, 1 << 30, 'between 64KiB and 1GiB', '3MB');
  const { max_attribute_bytes: bytes, preset } = config.content;
  if (bytes === undefined) return problems;
  const path = ['content', 'max_attribute_bytes'];
  if (preset === 'tempo')
    check(
      path,
      bytes,
      MIN_ATTRIBUTE_BYTES,
      TEMPO_BYTES,
      `between ${MIN_ATTRIBUTE_BYTES} and ${TEMPO_BYTES} bytes: Tempo cuts beyond`,
      '2000B',
    );
  else
    check(path, bytes, MIN_ATTRIBUTE_BYTES, MAX_ATTRIBUTE_BYTES, `between ${MIN_ATTRIBUTE_BYTES}B and 4MiB`, '16KiB');
  return problems;
}
