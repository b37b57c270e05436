import { randomBytes } from 'node:crypto';
import {
  type ConfigOf,
  type ConfigProblem,
  type ConfigSchema,
  type Consumer,
  type Context,
  defineProcessor,
  messageOf,
} from '../../core/index.ts';
import { CustomRule, compileLinear } from './engine/custom.ts';
import { Engine } from './engine/engine.ts';
import { RedactProcessor } from './processor.ts';
import { Redactor } from './redactor.ts';
import { coreRules } from './rules/index.ts';
import { SpanRedactor } from './spans.ts';

const schema = {
  type: 'object',
  properties: {
    mode: {
      type: 'string',
      enum: ['safe', 'full', 'minimal'],
      default: 'safe',
      description:
        'safe: content never leaves; full: content without credentials; minimal: process and flow metadata only.',
    },
    pii: {
      type: 'string',
      enum: ['auto', 'true', 'false'],
      default: 'auto',
      description: 'Whether e-mail addresses and card numbers are replaced too. auto: in the modes safe and minimal.',
    },
    patterns: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'regex'],
        properties: {
          name: { type: 'string', minLength: 1, description: 'Name in findings and metrics.' },
          regex: {
            type: 'string',
            minLength: 1,
            description:
              'What to replace by [CUSTOM_REDACTED]. Runs in linear time: no look-around, no back-references.',
          },
          keyword: {
            type: 'string',
            minLength: 1,
            description: 'The pattern is only tried on texts that hold this, in any case. Saves time.',
          },
        },
      },
      default: [],
      description: 'More patterns to replace.',
    },
    allow: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: [],
      description: 'Findings that are no secrets: exact texts, or * and how they end (*@example.com).',
    },
    hash_key: {
      type: 'string',
      format: 'opaque',
      description:
        'Key of the hashes that stand for content, at least 16 characters. Without it each start makes a new one.',
    },
    memo_size: {
      type: 'string',
      format: 'size',
      default: '8MiB',
      description: 'Memory for results of texts that come again.',
    },
    max_event_size: {
      type: 'string',
      format: 'size',
      default: '64MiB',
      description: 'Characters of one event that are searched; of a larger event only metadata passes.',
    },
  },
} as const satisfies ConfigSchema;

type Config = ConfigOf<typeof schema>;

export const redactProcessor = defineProcessor({
  type: 'redact',
  summary: 'Takes content and secrets out of events before they leave.',
  stability: 'alpha',
  schema,
  redacts: true,
  check,
  // raw captured bytes are never let through
  flow: (incoming) => new Set([...incoming].filter((flow) => flow !== 'capture')),
  create: (context, config, next) => create(context, config, next),
});

function check(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (config.hash_key !== undefined && config.hash_key.length < 16) {
    problems.push({
      path: ['hash_key'],
      message: 'the key has less than 16 characters',
      hint: 'make one with `openssl rand -hex 32`',
    });
  }
  for (const [i, { regex, keyword }] of config.patterns.entries()) {
    const message = patternProblem(regex);
    if (message !== undefined) problems.push({ path: ['patterns', i, 'regex'], ...message });
    if (keyword !== undefined && /[^\x20-\x7e]/.test(keyword)) {
      problems.push({
        path: ['patterns', i, 'keyword'],
        message: 'the keyword has a character that is not printable ASCII',
      });
    }
  }
  for (const [i, allowed] of config.allow.entries()) {
    if (allowed === '*')
      problems.push({
        path: ['allow', i],
        message: '"*" would allow every finding',
        hint: 'write * and an ending, such as *@example.com',
      });
  }
  return problems;
}

function patternProblem(regex: string): { message: string; hint?: string } | undefined {
  try {
    compileLinear(regex);
    return undefined;
  } catch (error) {
    const message = messageOf(error).replace(/^Invalid regular expression: /, '');
    if (!message.includes('linear time')) return { message: `not a usable regular expression: ${message}` };
    return {
      message: `the pattern cannot run in linear time: ${message}`,
      hint: 'leave out look-around and back-references, and repeat less: {3,20} is too much, + or * are fine',
    };
  }
}

function create(context: Context, config: Config, next: Consumer): RedactProcessor {
  const hasPii = config.pii === 'auto' ? config.mode !== 'full' : config.pii === 'true';
  const findings = new Map<string, { add(n?: number): void }>();
  const onFinding = (type: string, count: number): void => {
    let counter = findings.get(type);
    if (counter === undefined) {
      counter = context.meter.counter('oisp_redact_findings', { processor: context.id, type });
      findings.set(type, counter);
    }
    counter.add(count);
  };
  const options = {
    engine: new Engine({
      rules: coreRules({ pii: hasPii }),
      custom: config.patterns.map((pattern) => new CustomRule(pattern)),
      allow: config.allow,
    }),
    hashKey: config.hash_key === undefined ? randomBytes(32) : Buffer.from(config.hash_key),
    maxChars: config.max_event_size,
    maxValues: 1_000_000,
    onFinding,
  };
  return new RedactProcessor(context, next, {
    redactor: new Redactor({ ...options, mode: config.mode, memoBytes: config.memo_size }),
    spans: new SpanRedactor(options.engine, config.mode, onFinding),
    rest: new Redactor({ ...options, mode: 'minimal', memoBytes: 0 }),
  });
}
