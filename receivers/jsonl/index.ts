import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ConfigProblem, defineReceiver, isGlob } from '../../core/index.ts';
import { type Config, schema } from './config.ts';
import { inWords, kindOf, whyOf } from './input.ts';
import { JsonlReceiver } from './receiver.ts';

/** Reads OISP events and capture records from files, one JSON object per line. */
export const jsonlReceiver = defineReceiver({
  type: 'jsonl',
  summary: 'Reads OISP events and capture records from files, one JSON object per line.',
  stability: 'alpha',
  schema,
  emits: ['capture', 'events'],
  check: checkConfig,
  create: (context, config, next) => new JsonlReceiver(context, config, next),
});

function checkConfig(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const isFollowing = config.mode === 'follow';
  if (config.path === undefined && config.include.length === 0)
    problems.push({ path: ['include'], message: 'names no file', hint: 'list at least one path or pattern' });
  if (config.path !== undefined) problems.push(...checkPath(config.path, ['path'], isFollowing));
  config.include.forEach((path, i) => {
    problems.push(...checkPath(path, ['include', i], isFollowing));
  });
  if (isFollowing && config.speed > 0)
    problems.push({ path: ['speed'], message: 'is for `mode: replay`', hint: 'remove it, or set mode: replay' });
  if (!isFollowing && config.start_at !== undefined)
    problems.push({ path: ['start_at'], message: 'is for `mode: follow`', hint: 'remove it, or set mode: follow' });
  if (isFollowing && config.poll_interval < 10)
    problems.push({ path: ['poll_interval'], message: 'is less than 10ms', hint: 'write 250ms' });
  if (config.max_line_size < 64) problems.push({ path: ['max_line_size'], message: 'is less than 64 bytes' });
  if (config.max_line_size > MAX_LINE)
    problems.push({
      path: ['max_line_size'],
      message: 'is more than one line can be as text',
      hint: 'write at most 256MiB',
    });
  if (config.batch_bytes < 1) problems.push({ path: ['batch_bytes'], message: 'is less than one byte' });
  if (config.checkpoint !== undefined) problems.push(...checkFolder(dirname(config.checkpoint)));
  return problems;
}

/** Node's longest string has 2^29 - 24 characters. */
const MAX_LINE = 1 << 28;

function checkPath(path: string, at: readonly (string | number)[], mayBeMissing: boolean): ConfigProblem[] {
  if (isGlob(path)) return [];
  try {
    const stats: Stats = statSync(path);
    const why = kindOf(stats);
    if (why !== undefined) return [{ path: at, message: `cannot be read: ${inWords(why)}` }];
    accessSync(path, constants.R_OK);
    return [];
  } catch (error) {
    if (mayBeMissing) return []; // it may come, or be opened to us, while we follow
    return [{ path: at, message: `cannot be read: ${inWords(whyOf(error))}` }];
  }
}

function checkFolder(folder: string): ConfigProblem[] {
  try {
    if (statSync(folder).isDirectory()) return [];
  } catch {
    // told below: not there and not a folder are the same to the user
  }
  return [{ path: ['checkpoint'], message: 'its folder does not exist', hint: `create ${folder}` }];
}
