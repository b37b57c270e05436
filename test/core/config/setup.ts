import {
  type ConnectorDefinition,
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
} from '../../../core/component.ts';
import {
  type ConfigSchema,
  formatProblem,
  type LoadOptions,
  loadConfig,
  type Problem,
  type Registry,
  type ServiceConfig,
} from '../../../core/config/index.ts';

const never = (): never => {
  throw new Error('these tests create no components');
};

/** One field of each type that a config can have. */
export const TYPED = {
  type: 'object',
  properties: {
    text: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number', minimum: 0, maximum: 1, default: 0.5 },
    flag: { type: 'boolean', default: true },
    wait: { type: 'string', format: 'duration', default: '30s' },
    room: { type: 'string', format: 'size', default: '64MiB' },
    level: { type: 'string', enum: ['basic', 'normal', 'detailed'], default: 'basic' },
    token: { type: 'string', format: 'opaque' },
    pattern: { type: 'string', format: 'regex' },
    list: { type: 'array', items: { type: 'string' }, default: ['a', 'b'] },
    waits: { type: 'array', items: { type: 'string', format: 'duration' } },
    headers: { type: 'object', additionalProperties: { type: 'string', format: 'opaque' }, default: {} },
    tags: { type: 'object', additionalProperties: { type: 'string' } },
    nested: {
      type: 'object',
      properties: {
        insecure: { type: 'boolean', default: false },
        deep: { type: 'object', properties: { n: { type: 'integer', default: 7 } } },
      },
    },
    old: { type: 'string', deprecated: true },
  },
} as const satisfies ConfigSchema;

const jsonl = {
  type: 'object',
  required: ['path'],
  properties: {
    path: { type: 'string', format: 'path', description: 'File to read.' },
    batch_size: { type: 'integer', minimum: 1, default: 256, description: 'Events per batch.' },
  },
} as const satisfies ConfigSchema;

const otlp = {
  type: 'object',
  required: ['endpoint'],
  properties: {
    endpoint: { type: 'string', format: 'url', description: 'Where to send.' },
    timeout: { type: 'string', format: 'duration', default: '30s' },
    compression: { type: 'string', enum: ['gzip', 'none'], default: 'gzip' },
    headers: { type: 'object', additionalProperties: { type: 'string', format: 'opaque' }, default: {} },
    tls: { type: 'object', properties: { insecure: { type: 'boolean', default: false } } },
  },
} as const satisfies ConfigSchema;

const limiter = {
  type: 'object',
  properties: { check_interval: { type: 'string', format: 'duration', default: '0s' } },
} as const satisfies ConfigSchema;

const empty = { type: 'object', properties: {} } as const satisfies ConfigSchema;
const common = { summary: 'For tests.', stability: 'alpha' } as const;
const processor = { ...common, flow: <T>(incoming: T): T => incoming, create: never };
const exporter = { ...common, takes: () => ['spans'] as const, create: never };

const forward: ConnectorDefinition = defineConnector({
  ...common,
  type: 'forward',
  schema: empty,
  joins: (from, to) => from === to,
  create: never,
});

export const registry: Registry = {
  receivers: [
    defineReceiver({ ...common, type: 'jsonl', schema: jsonl, emits: ['events'], create: never }),
    defineReceiver({ ...common, type: 'typed', schema: TYPED, emits: ['events'], create: never }),
    defineReceiver({ ...common, type: 'nop', schema: empty, emits: ['events'], create: never }),
  ],
  processors: [
    defineProcessor({ ...processor, type: 'batch', schema: empty }),
    defineProcessor({ ...processor, type: 'resource_detection', aliases: ['resourcedetection'], schema: empty }),
    defineProcessor<typeof limiter>({
      ...processor,
      type: 'memory_limiter',
      schema: limiter,
      check: (config) =>
        config.check_interval > 0
          ? []
          : [{ path: [], message: "'check_interval' must be greater than zero", hint: 'write 1s' }],
    }),
    defineProcessor({
      ...processor,
      type: 'fragile',
      schema: empty,
      check: () => {
        throw new Error('boom');
      },
    }),
  ],
  exporters: [
    defineExporter({ ...exporter, type: 'otlp_http', aliases: ['otlphttp'], schema: otlp }),
    defineExporter({ ...exporter, type: 'nop', schema: empty }),
  ],
  connectors: [forward],
  extensions: [defineExtension({ ...common, type: 'health_check', schema: empty, create: never })],
};

/** The least of a config that is whole. */
export const SERVICE = 'service: {pipelines: {traces: {receivers: [nop], exporters: [nop]}}}';
export const WHOLE = `receivers: {nop: }\nexporters: {nop: }\n${SERVICE}\n`;

export interface Loaded {
  readonly config: ServiceConfig | undefined;
  readonly problems: readonly Problem[];
  readonly messages: string[];
  readonly text: string;
}

/** Loads texts as files `a.yaml`, `b.yaml`, … */
export async function load(
  texts: string | readonly string[],
  options: Partial<LoadOptions> & { readonly files?: Record<string, string> } = {},
): Promise<Loaded> {
  const all = typeof texts === 'string' ? [texts] : texts;
  const files = new Map(Object.entries(options.files ?? {}));
  const names = all.map((text, index) => {
    const name = `${String.fromCharCode(97 + index)}.yaml`;
    files.set(name, text);
    return name;
  });
  const { config, problems } = await loadConfig({
    sources: names,
    sets: [],
    registry,
    env: {},
    cwd: '/etc/oisp',
    readFile: (path) => {
      const text = files.get(path.replace('/etc/oisp/', ''));
      if (text !== undefined) return Promise.resolve(text);
      return Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }));
    },
    ...options,
  });
  return {
    config,
    problems,
    messages: problems.map((problem) => problem.message),
    text: problems.map(formatProblem).join('\n'),
  };
}

/** The decoded config of `receivers.typed` with one field written; undefined when that is an error. */
export async function typed(
  field: string,
  yaml: string,
  env: Record<string, string> = {},
): Promise<{ value: unknown; loaded: Loaded }> {
  const text = `receivers:\n  nop:\n  typed:\n    ${field}: ${yaml}\nexporters: {nop: }\n${SERVICE}\n`;
  const loaded = await load(text, { env });
  const config = loaded.config?.receivers.get('typed')?.config;
  const value = typeof config === 'object' && config !== null ? Reflect.get(config, field) : undefined;
  return { value, loaded };
}
