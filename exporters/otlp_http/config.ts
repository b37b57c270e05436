import { existsSync } from 'node:fs';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import {
  type ConfigOf,
  type ConfigProblem,
  type ConfigSchema,
  checkDelivery,
  type EventChoice,
  HEADERS,
  RETRY_ON_FAILURE,
  SEMCONV,
  SENDING_QUEUE,
  TIMEOUT,
  TLS_CLIENT,
} from '../../core/index.ts';

export const schema = {
  type: 'object',
  properties: {
    endpoint: {
      type: 'string',
      format: 'url',
      description: 'Base address; `/v1/traces` and `/v1/logs` are added to it.',
    },
    traces_endpoint: { type: 'string', format: 'url', description: 'Whole address for spans.' },
    logs_endpoint: { type: 'string', format: 'url', description: 'Whole address for log records.' },
    encoding: { type: 'string', enum: ['proto', 'json'], default: 'proto', description: 'Form of the requests.' },
    compression: {
      type: 'string',
      enum: ['gzip', 'none'],
      description: 'Unset: `gzip` (level 1), but `none` to an address of this machine.',
    },
    events: {
      type: 'string',
      enum: ['none', 'late', 'effects', 'all'],
      description:
        'Events sent as log records beside the spans of a traces pipeline. Unset: `late`, those whose span was sent before. A logs pipeline always sends all.',
    },
    semconv: SEMCONV,
    headers: HEADERS,
    tls: TLS_CLIENT,
    timeout: { ...TIMEOUT, default: '30s' },
    retry_on_failure: RETRY_ON_FAILURE,
    sending_queue: SENDING_QUEUE,
    max_idle_conns: { type: 'integer', minimum: 0, default: 100, description: 'Connections kept open while idle.' },
    idle_conn_timeout: {
      type: 'string',
      format: 'duration',
      default: '90s',
      description: 'How long an idle connection is kept; 0s: until the server closes it.',
    },
  },
} as const satisfies ConfigSchema;

export type Config = ConfigOf<typeof schema>;

/** Where a signal goes; undefined when the config names no address for it. */
export function addressOf(config: Config, signal: 'traces' | 'logs'): URL | undefined {
  const own = config[`${signal}_endpoint`];
  if (own !== undefined && own !== '') return new URL(own);
  if (config.endpoint === undefined || config.endpoint === '') return undefined;
  const url = new URL(config.endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/${signal}`;
  return url;
}

/** What goes beside spans. Without an address for log records: nothing. */
export function choiceOf(config: Config): EventChoice {
  return config.events ?? (canSendLogs(config) ? 'late' : 'none');
}

function canSendLogs(config: Config): boolean {
  return Boolean(config.logs_endpoint) || Boolean(config.endpoint);
}

/** Whether an address is of this machine, where compressing costs more than it saves. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname;
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export function check(config: Config): ConfigProblem[] {
  const problems = checkDelivery(config);
  const { tls } = config;
  if (!config.endpoint && !config.traces_endpoint && !config.logs_endpoint) {
    problems.push({
      path: [],
      message: 'at least one endpoint must be specified',
      hint: 'write endpoint: http://localhost:4318',
    });
  }
  for (const key of ['endpoint', 'traces_endpoint', 'logs_endpoint'] as const) {
    const text = config[key];
    if (text !== undefined && text !== '' && !isHttp(text)) {
      const hint = 'write http://HOST:4318';
      problems.push({ path: [key], message: 'is not an http or https address', hint });
    }
  }
  if (config.events !== undefined && config.events !== 'none' && !canSendLogs(config)) {
    const hint = 'add logs_endpoint, or write events: none';
    problems.push({ path: ['events'], message: 'events need an address for log records', hint });
  }
  for (const [name, value] of Object.entries(config.headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      // The message of Node repeats the value, which is a secret.
      problems.push({
        path: ['headers', name],
        message: 'is not a valid header',
        hint: 'use visible ASCII characters',
      });
    }
  }
  for (const key of ['ca_file', 'cert_file', 'key_file'] as const) {
    const path = tls[key];
    if (path !== undefined && !existsSync(path)) {
      problems.push({ path: ['tls', key], message: `file ${path} is missing` });
    }
  }
  if ((tls.cert_file === undefined) !== (tls.key_file === undefined)) {
    problems.push({ path: ['tls'], message: 'cert_file and key_file belong together', hint: 'write both or none' });
  }
  return problems;
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
