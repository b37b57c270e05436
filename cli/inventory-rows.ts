import { applicationOf, type ConfidenceLevel, type OispEvent } from '../core/index.ts';
import { at, numberAt, textAt } from './read.ts';

/** How an application shows itself to a provider: the type of its key and how it begins, never a key. */
interface Account {
  readonly type: string;
  readonly keyPrefix: string | undefined;
}

/** One application with one account of one provider; without a provider where only the application was seen. */
export interface Row {
  readonly app: string;
  version: string | undefined;
  readonly provider: string | undefined;
  readonly account: Account | undefined;
  readonly models: Set<string>;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  /** Undefined where no event carries a cost. */
  costUsd: number | undefined;
  /** Milliseconds since 1970. */
  firstSeen: number;
  lastSeen: number;
  /** Of the surest event. */
  confidence: ConfidenceLevel;
}

const LEVELS: readonly string[] = ['inferred', 'low', 'medium', 'high'] satisfies ConfidenceLevel[];
const MOST_MODELS = 16;
/** Calls whose answers are awaited, and rows that are only counted. */
const MOST_REMEMBERED = 10_000;

/** Sums up who uses which provider with which account, from redacted events. Keeps at most `maxRows` rows and counts the others. */
export class Inventory {
  readonly #maxRows: number;
  readonly #rows = new Map<string, Row>();
  readonly #others = new Set<string>();
  /** The row of a call, until its answer is there. Undefined for a call of a row that is only counted. */
  readonly #open = new Map<string, Row | undefined>();

  constructor(maxRows = 200) {
    this.#maxRows = maxRows;
  }

  add(event: OispEvent): void {
    if (event.event_type === 'ai.request') this.#addRequest(event);
    else if (event.event_type === 'ai.response') this.#addResponse(event);
    else if (at(event.app, 'is_ai_app') === true) this.#see(event, undefined, undefined);
  }

  /** Those with most calls first. An application without calls stands here only if it has no other row. */
  rows(): readonly Row[] {
    const rows = [...this.#rows.values()];
    const callers = new Set(rows.filter(({ provider }) => provider !== undefined).map(({ app }) => app));
    return rows
      .filter(({ app, provider }) => provider !== undefined || !callers.has(app))
      .sort((a, b) => b.calls - a.calls || a.firstSeen - b.firstSeen);
  }

  /** How many rows there would be more. */
  get others(): number {
    return this.#others.size;
  }

  #addRequest(event: OispEvent): void {
    const type = textAt(event.data, 'auth', 'type');
    const account = type === undefined ? undefined : { type, keyPrefix: textAt(event.data, 'auth', 'key_prefix') };
    const row = this.#see(event, textAt(event.data, 'provider', 'name') ?? '?', account);
    const id = textAt(event.data, 'request_id');
    if (id !== undefined) this.#await(id, row);
    if (row === undefined) return;
    row.calls++;
    addModel(row, event);
  }

  #addResponse(event: OispEvent): void {
    const { data } = event;
    const id = textAt(data, 'request_id') ?? '';
    const isAwaited = this.#open.has(id);
    const row = isAwaited ? this.#open.get(id) : this.#see(event, textAt(data, 'provider', 'name') ?? '?', undefined);
    this.#open.delete(id);
    if (row === undefined) return;
    if (isAwaited) touch(row, event);
    else row.calls++; // its request was not seen
    if (row.models.size === 0) addModel(row, event);
    row.inputTokens += numberAt(data, 'usage', 'prompt_tokens') ?? 0;
    row.outputTokens += numberAt(data, 'usage', 'completion_tokens') ?? 0;
    const cost = numberAt(data, 'usage', 'total_cost_usd');
    if (cost !== undefined) row.costUsd = (row.costUsd ?? 0) + cost;
  }

  /** The row that an event belongs to; undefined when it is one too many. */
  #see(event: OispEvent, provider: string | undefined, account: Account | undefined): Row | undefined {
    const app = nameOf(event);
    const key = JSON.stringify([app, provider, account?.type, account?.keyPrefix]);
    let row = this.#rows.get(key);
    if (row === undefined) {
      if (this.#rows.size >= this.#maxRows) {
        if (this.#others.size < MOST_REMEMBERED) this.#others.add(key);
        return undefined;
      }
      row = newRow(event, app, provider, account);
      this.#rows.set(key, row);
    }
    touch(row, event);
    return row;
  }

  #await(id: string, row: Row | undefined): void {
    this.#open.set(id, row);
    if (this.#open.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#open.keys()) {
      this.#open.delete(oldest);
      return;
    }
  }
}

function newRow(event: OispEvent, app: string, provider: string | undefined, account: Account | undefined): Row {
  const seen = Date.parse(event.ts);
  return {
    app,
    version: undefined,
    provider,
    account,
    models: new Set(),
    calls: 0,
    inputTokens: 0,
    outputTokens: 0,
    costUsd: undefined,
    firstSeen: seen,
    lastSeen: seen,
    confidence: 'inferred',
  };
}

function touch(row: Row, event: OispEvent): void {
  const seen = Date.parse(event.ts);
  row.firstSeen = Math.min(row.firstSeen, seen);
  row.lastSeen = Math.max(row.lastSeen, seen);
  row.version = versionOf(event) ?? row.version;
  const { level } = event.confidence;
  if (LEVELS.indexOf(level) > LEVELS.indexOf(row.confidence)) row.confidence = level;
}

function addModel(row: Row, event: OispEvent): void {
  const model = textAt(event.data, 'model', 'id');
  if (model !== undefined && row.models.size < MOST_MODELS) row.models.add(model);
}

/** The application, else the program. */
function nameOf({ app, process }: OispEvent): string {
  const exe = textAt(process, 'exe');
  return (
    textAt(app, 'name') ??
    textAt(app, 'app_id') ??
    textAt(process, 'name') ??
    exe?.slice(exe.lastIndexOf('/') + 1) ??
    '?'
  );
}

/** The version that an application says, as in the user agent `claude-cli/2.1.0 (external)`; a library's own is not that of its user. */
function versionOf({ app, attrs }: OispEvent): string | undefined {
  const said = textAt(app, 'version');
  if (said !== undefined) return said;
  const [, product, version] = /^([^/\s]+)\/([^\s;()]+)/.exec(textAt(attrs, 'user_agent.original') ?? '') ?? [];
  return applicationOf(product) === undefined ? undefined : version;
}
