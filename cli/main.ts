#!/usr/bin/env node
import { homedir } from 'node:os';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { streamSink } from '../exporters/debug/sink.ts';
import { program } from './program.ts';

// A collector stands beside the work it watches: the heap is collected when it has grown by 40 %, not when the machine is full.
setFlagsFromString('--heap-growing-percent=40');

const euid = process.geteuid?.();

// A reader that goes away (`| head`) or a full disk behind the output ends nothing: what writes there counts what it could not write, and a
// command that only prints says so at the end.
let unwritten: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  unwritten ??= error;
});
process.stderr.on('error', () => undefined); // there is no other place to say it

const code = await program(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  platform: process.platform,
  home: homedir(),
  ...(euid === undefined ? {} : { euid }),
  screen: streamSink(process.stdout),
  errIsTerminal: process.stderr.isTTY,
  onSignal: (name, run) => {
    process.on(name, run);
    return () => process.off(name, run);
  },
  exit: (code) => process.exit(code),
});

// What was printed goes out first. A component that hung past the deadline may still hold timers and sockets: it does not hold the process.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
const isLost = unwritten !== undefined && unwritten.code !== 'EPIPE' && code === 0;
if (isLost) process.stderr.write(`Error: cannot write to standard output: ${unwritten?.message ?? ''}\n`);
process.exit(isLost ? 1 : code);
