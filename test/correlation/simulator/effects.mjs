// Tools of real agents as stories of the simulator that runs (its folder is beside the program): shells that are fed with commands, sandboxes,
// editors' ways to save, daemons.
import { pathToFileURL } from 'node:url';

const folder = new URL('simulator/', pathToFileURL(process.argv[1]));
export const { bash, read, write, edit, grep, glob, webFetch, runTests, task, mcp, line } = await import(
  new URL('tools.mjs', folder).href
);
export const { Run, Agent } = await import(new URL('agent.mjs', folder).href);

export const MS = 1e6;

/** A tool of any name and arguments. */
export const tool = (name, input, run) => ({
  name,
  input,
  run: (x) => {
    run(x);
    if (!x.answer) x.says('done');
  },
});

/** A program that the tool starts directly; its exit is the tool's end. */
export const program = (name, input, argv, tell, o = {}) =>
  tool(name, input, (x) => {
    const r = x.exec(argv, tell, { cwd: x.agent.cwd, ...o });
    x.now = r.exited;
    x.known();
  });

/** A child that runs on as the same program. */
export function fork(run, tell) {
  const p = run.w.spawn(run.proc.host, run.proc, { exe: run.proc.exe, cwd: run.proc.cwd, at: run.now });
  const child = new Run(run.agent, p, {
    now: run.now + 0.5 * MS,
    tool: run.tool,
    turn: run.turn,
    hint: 'process_tree',
    parent: run,
    housekeeping: run.housekeeping,
    stray: run.stray,
    detached: run.detached,
  });
  p.runOf = child;
  tell(child);
  return child;
}

/** A shell that the agent starts by itself and feeds through its input. */
export function shell(agent, argv = ['/bin/bash', '--norc', '-i']) {
  const root = new Run(agent, agent.proc, { now: agent.now, housekeeping: 'shell' });
  const run = root.exec(argv, null, { keep: true, cwd: agent.cwd });
  agent.now = root.now + 5 * MS;
  return run;
}

/** One command line for such a shell: what its children do is the tool's. tell(shell) says what happens instead of what the line says. */
export const feed = (get, cmd, o = {}) =>
  tool(o.name ?? 'Bash', o.input ?? { command: cmd }, (x) => {
    const run = get(x);
    Object.assign(run, {
      now: x.now + 1 * MS,
      tool: x.tool,
      turn: x.turn,
      hint: o.hint ?? 'process_tree',
      housekeeping: null,
      detached: false,
    });
    if (o.run) o.run(run, x);
    else line(run, cmd);
    if (o.ms) run.wait(o.ms);
    x.now = run.now + 1 * MS;
    Object.assign(run, { tool: null, turn: null, housekeeping: 'shell' });
  });
