import { Run, tool } from '../simulator/effects.mjs';
export default {
  about: 'an editor: one child of it talks to the model, another one holds the terminals in which commands run',
  run(s) {
    const { w } = s,
      host = w.host('host-1'),
      n = s.hex(4),
      cwd = `/home/user/editor-${n}`;
    const main = w.spawn(host, null, {
      exe: '/usr/share/code/code',
      argv: ['code', cwd],
      cwd: '/home/user',
      at: s.now,
    });
    const ext = w.spawn(host, main, {
      exe: '/usr/share/code/code',
      argv: ['code', '--type=extensionHost'],
      cwd: '/home/user',
      at: s.now + 5e6,
    });
    const pty = w.spawn(host, main, {
      exe: '/usr/share/code/code',
      argv: ['code', '--type=ptyHost'],
      cwd: '/home/user',
      at: s.now + 6e6,
    });
    const a = s.agent({ proc: ext, cwd, at: s.now + 100e6 });
    const root = new Run(a, pty, { now: a.now, housekeeping: 'shell' }),
      sh = root.exec(['/bin/bash', '--init-file', '/usr/share/code/shell.sh'], null, { keep: true, cwd });
    const run = (cmd, argv, tell) =>
      tool('run_in_terminal', { command: cmd, explanation: s.text(4), isBackground: false }, (x) => {
        Object.assign(sh, { now: x.now + 2e6, tool: x.tool, turn: x.turn, hint: 'argument', housekeeping: null });
        x.now = sh.exec(argv, tell).exited + 2e6;
        Object.assign(sh, { tool: null, turn: null, housekeeping: 'shell' });
      });
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          run(`npm run check-${n}`, ['npm', 'run', `check-${n}`], (p) => {
            p.read('package.json');
            p.exec(['node', 'check.js'], (q) => q.write('out.txt'));
          }),
        ],
      });
      t.call({ tools: [run(`cat src/${n}.ts`, ['cat', `src/${n}.ts`], (p) => p.read(`src/${n}.ts`))] });
      t.answer();
    });
    sh.exit(a.now + 1e6);
    for (const p of [pty, ext, main]) w.exit(p, a.now + 50e6);
    a.exit();
  },
};
