import type { Wanted } from '../receivers/ebpf/doctor/processes.ts';
import { CAPTURE_FLAGS } from './capture-flags.ts';
import type { Arguments, Command } from './command.ts';
import { EXIT } from './io.ts';

/** `oisp-collector doctor`: what this machine lets us see. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'Says what live capture sees on this machine, what it does not, and what would help.',
  about: `Loads the programs into the kernel, probes a file of its own, and takes both back. Without --comm and --pid it lists the known AI
applications that run: of every other process only the name and the link to its program are read. The exit code is 1 when something
that capture needs is missing, or nothing of a listed process can be read.`,
  usage: '[-p PID]... [-c NAME]... [--json]',
  flags: {
    pid: { ...CAPTURE_FLAGS.pid, help: 'Looks at this process. May repeat.' },
    comm: { ...CAPTURE_FLAGS.comm, help: 'Looks at processes of this name. May repeat.' },
    'pid-namespace': {
      type: 'string',
      value: 'INODE',
      check: (value) => (/^[1-9]\d{0,9}$/.test(value) ? undefined : 'write what stat -Lc %i /proc/PID/ns/pid prints'),
      help: 'Only processes of this pid namespace.',
    },
    json: { type: 'boolean', help: 'Prints one JSON object.' },
  },
  positionals: [0, 0],
  run: async (args, io) => {
    // only this command needs what looks into programs
    const [{ diagnose }, { doctorJson, doctorText }] = await Promise.all([
      import('./doctor-diagnosis.ts'),
      import('./doctor-text.ts'),
    ]);
    const found = await diagnose(wantedOf(args));
    io.out(args.is('json') ? doctorJson(found) : doctorText(found));
    return found.isWell ? EXIT.done : EXIT.failed;
  },
};

function wantedOf(args: Arguments): Wanted {
  return {
    pids: args.strings('pid').map(Number),
    comms: args.strings('comm'),
    pidNamespace: Number(args.string('pid-namespace') ?? 0),
  };
}
