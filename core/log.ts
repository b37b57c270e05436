/** Severity of a log line. ERROR: data was lost or work stopped. WARN: odd, nothing lost. INFO: what was asked for happened. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log of the collector itself: a fixed sentence with a period, and fields. Never content of prompts. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that every line of it carries. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly encoding: 'console' | 'json';
  readonly write: (line: string) => void;
  readonly now: () => number;
}

/**
 * Lines as the Collector writes them: `ts<TAB>level<TAB>message<TAB>{fields}` (console) or one JSON object (json).
 */
export function createLog(options: LogOptions, fields: LogFields = {}): Log {
  const least = LOG_LEVELS.indexOf(options.level);
  const line = (level: LogLevel, message: string, more: LogFields = {}): void => {
    if (LOG_LEVELS.indexOf(level) < least) return;
    const ts = new Date(options.now()).toISOString();
    const all = { ...fields, ...more };
    if (options.encoding === 'json') {
      options.write(`${JSON.stringify({ level, ts, msg: message, ...all })}\n`);
      return;
    }
    const tail = Object.keys(all).length === 0 ? '' : `\t${JSON.stringify(all)}`;
    options.write(`${ts}\t${level}\t${message}${tail}\n`);
  };
  return {
    debug: (message, more) => line('debug', message, more),
    info: (message, more) => line('info', message, more),
    warn: (message, more) => line('warn', message, more),
    error: (message, more) => line('error', message, more),
    with: (more) => createLog(options, { ...fields, ...more }),
  };
}
