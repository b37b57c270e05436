import { program } from '../simulator/effects.mjs';
export default {
  about: 'PowerShell and cmd: scripts as arguments and as base64, quoting of their own, two at a time',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4),
      ps = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe';
    const one = `Get-ChildItem -Path src\\${n} | Select-Object -First 3; dotnet build src\\${n}.sln`,
      two = `dir C:\\work\\${n} && type notes.txt`,
      three = `npm.cmd run build-${n}`;
    a.turn(s.text(), (t) => {
      t.call({
        eager: true,
        slow: 6,
        tools: [
          program('powershell', { command: one }, [ps, '-NoProfile', '-NonInteractive', '-Command', one], (p) =>
            p.exec(['dotnet.exe', 'build', `src\\${n}.sln`], (q) => q.read(`src/${n}.sln`)),
          ),
          program('cmd', { command: two }, ['C:\\Windows\\System32\\cmd.exe', '/d', '/s', '/c', `"${two}"`], (p) =>
            p.read('notes.txt'),
          ),
        ],
      });
      t.call({
        eager: true,
        slow: 6,
        tools: [
          program(
            'powershell',
            { command: three },
            [ps, '-NoLogo', '-EncodedCommand', Buffer.from(three, 'utf16le').toString('base64')],
            (p) => p.exec(['npm.cmd', 'run', `build-${n}`], (q) => q.read('package.json')),
          ),
          program('powershell', { command: `git status ${n}` }, [ps, '-c', `git status ${n}`], (p) =>
            p.read('.git/HEAD'),
          ),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
