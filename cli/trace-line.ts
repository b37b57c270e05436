import type { OispEvent } from '../core/index.ts';
import type { Fact } from '../exporters/debug/facts.ts';
import { coloured } from '../exporters/debug/render.ts';
import { clip, columnsOf, durationOf, padEnd, printable, withCommas } from '../exporters/debug/text.ts';
import { at, clockTime, numberAt, textAt } from './read.ts';

const WHO_COLUMNS = 22;
const TYPE_COLUMNS = 17;
const LONGEST_FACT = 400;

type Tell = (data: unknown) => readonly (Fact | undefined)[];

/** What matters of each type of event, most important first. */
const TELL: Readonly<Record<string, Tell>> = {
  'ai.request': (data) => [
    plain(textAt(data, 'model', 'id') ?? textAt(data, 'provider', 'name')),
    counted(numberAt(data, 'messages_count'), 'messages'),
    counted(numberAt(data, 'tools_count'), 'tools'),
    dim(textAt(data, 'provider', 'endpoint')),
  ],
  'ai.response': (data) => [
    failed(data, numberAt(data, 'status_code')),
    plain(textAt(data, 'model', 'id') ?? textAt(data, 'provider', 'name')),
    tokens(data),
    plain(textAt(data, 'finish_reason')),
    took(data, 'latency_ms'),
  ],
  'agent.tool_call': (data) => [plain(textAt(data, 'tool', 'name')), dim(textAt(data, 'call_id'))],
  'agent.tool_result': (data) => [
    failed(data),
    plain(textAt(data, 'tool', 'name')),
    bytes(data, 'result_size_bytes'),
    dim(textAt(data, 'call_id')),
  ],
  'agent.session': (data) => [
    plain(textAt(data, 'action')),
    plain(textAt(data, 'agent', 'name')),
    dim(textAt(data, 'agent', 'version')),
  ],
  'process.exec': (data) => [plain(commandOf(data))],
  'process.exit': (data) => [ending(data), took(data, 'runtime_ms')],
  'process.fork': (data) => [plain(numberAt(data, 'child_pid'), 'child ')],
  'file.open': (data) => [plain(textAt(data, 'path')), dim(listOf(at(data, 'flags')))],
  'file.read': (data) => [plain(textAt(data, 'path')), bytes(data, 'bytes_read')],
  'file.write': (data) => [plain(textAt(data, 'path')), bytes(data, 'bytes_written')],
  'file.delete': (data) => [plain(textAt(data, 'path'))],
  'file.rename': (data) => [plain(`${textAt(data, 'old_path') ?? '?'} → ${textAt(data, 'new_path') ?? '?'}`)],
  'network.connect': (data) => [failed(data), plain(placeOf(data)), took(data, 'latency_ms')],
  'network.dns': (data) => [plain(textAt(data, 'query_name')), dim(listOf(answersOf(data)))],
};

/** One event as a line: time, process, type and what matters of it. Safe to print; cut to the columns of a terminal. */
export function traceLine(event: OispEvent, isColoured: boolean, columns: number | undefined): string {
  const ms = Date.parse(event.ts);
  const time = Number.isNaN(ms) ? event.ts : `${clockTime(ms)}.${String(ms % 1000).padStart(3, '0')}`;
  const who = padEnd(printable(whoOf(event)), WHO_COLUMNS);
  const type = padEnd(printable(event.event_type), TYPE_COLUMNS);
  const head = `${printable(time)}  ${who}  ${type}`;
  let room = columns === undefined ? Number.POSITIVE_INFINITY : columns - columnsOf(head);
  let line = room < 0 ? clip(head, columns ?? 0) : head;
  for (const fact of TELL[event.event_type]?.(event.data) ?? []) {
    if (fact === undefined) continue;
    room -= 2;
    if (room < 2) break;
    const shown = clip(printable(fact.text.slice(0, LONGEST_FACT)), room);
    room -= columnsOf(shown);
    line += `  ${coloured(shown, fact.tone, isColoured)}`;
  }
  return line.trimEnd();
}

function whoOf({ process }: OispEvent): string {
  const exe = textAt(process, 'exe');
  const name = textAt(process, 'name') ?? exe?.slice(exe.lastIndexOf('/') + 1) ?? '';
  const pid = numberAt(process, 'pid');
  return pid === undefined ? name : `${name}[${pid}]`;
}

function plain(value: string | number | undefined, before = ''): Fact | undefined {
  return value === undefined ? undefined : { text: `${before}${value}`, tone: 'plain' };
}

function dim(text: string | undefined): Fact | undefined {
  return text === undefined ? undefined : { text, tone: 'dim' };
}

function counted(count: number | undefined, what: string): Fact | undefined {
  return count === undefined || count === 0 ? undefined : dim(`${withCommas(count)} ${what}`);
}

function bytes(data: unknown, key: string): Fact | undefined {
  const count = numberAt(data, key);
  return count === undefined ? undefined : plain(`${withCommas(count)} bytes`);
}

function took(data: unknown, key: string): Fact | undefined {
  const ms = numberAt(data, key);
  return ms === undefined || ms < 0 ? undefined : dim(durationOf(BigInt(Math.round(ms * 1e6))));
}

function tokens(data: unknown): Fact | undefined {
  const input = numberAt(data, 'usage', 'prompt_tokens');
  const output = numberAt(data, 'usage', 'completion_tokens');
  if (input === undefined && output === undefined) return undefined;
  const [from, to] = [input, output].map((n) => (n === undefined ? '?' : withCommas(n)));
  return plain(`${from} → ${to} tokens`);
}

/** That it went wrong, and how, as far as the event says. */
function failed(data: unknown, status?: number): Fact | undefined {
  if (at(data, 'success') !== false) return undefined;
  const why = [status, textAt(data, 'error', 'type') ?? textAt(data, 'error')].filter((part) => part !== undefined);
  return { text: `✗ ${why.length === 0 ? 'failed' : why.join(' ')}`, tone: 'error' };
}

function ending(data: unknown): Fact | undefined {
  const signal = textAt(data, 'signal_name') ?? numberAt(data, 'signal');
  if (signal !== undefined && signal !== 0) return { text: `✗ signal ${signal}`, tone: 'error' };
  const code = numberAt(data, 'exit_code');
  return code === undefined ? undefined : { text: `exit ${code}`, tone: code === 0 ? 'plain' : 'error' };
}

function commandOf(data: unknown): string | undefined {
  const args = listOf(at(data, 'args'));
  return args ?? textAt(data, 'exe');
}

function placeOf(data: unknown): string | undefined {
  const host = textAt(data, 'dest', 'domain') ?? textAt(data, 'dest', 'ip');
  const port = numberAt(data, 'dest', 'port');
  if (host === undefined || port === undefined) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function answersOf(data: unknown): unknown {
  const answers = at(data, 'answers');
  return Array.isArray(answers) ? answers.map((answer: unknown) => textAt(answer, 'value')) : undefined;
}

/** The texts of a list, with blanks between. */
function listOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((one): one is string => typeof one === 'string');
  return texts.length === 0 ? undefined : texts.join(' ');
}
