import { line, program } from '../simulator/effects.mjs';

const inside = (cmd) => (p) => p.exec(['/bin/bash', '-lc', cmd], (q) => line(q, cmd));
export default {
  about:
    'commands inside bubblewrap, sandbox-exec, a landlock launcher, firejail and a container client, two at a time',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'openai', 'responses']) }),
      n = s.hex(4);
    const one = `cat src/${n}.ts | grep x`,
      two = `python3 tools/${n}.py`,
      three = `make out-${n}`,
      four = `node s-${n}.js && touch done-${n}`,
      five = `git diff --stat src/${n}.ts`;
    const shell = (cmd) => ({ command: ['bash', '-lc', cmd], workdir: a.cwd });
    a.turn(s.text(), (t) => {
      t.call({
        eager: true,
        slow: 8,
        tools: [
          program(
            'shell',
            shell(one),
            [
              '/usr/local/bin/codex-linux-sandbox',
              '--sandbox-policy-cwd',
              a.cwd,
              '--sandbox-policy',
              '{"mode":"workspace-write"}',
              '--',
              'bash',
              '-lc',
              one,
            ],
            inside(one),
          ),
          program(
            'shell',
            shell(two),
            [
              '/usr/local/bin/codex-linux-sandbox',
              '--sandbox-policy-cwd',
              a.cwd,
              '--sandbox-policy',
              '{"mode":"workspace-write"}',
              '--',
              'bash',
              '-lc',
              two,
            ],
            inside(two),
          ),
        ],
      });
      t.call({
        tools: [
          program(
            'run_shell_command',
            { command: three, directory: '' },
            ['sandbox-exec', '-p', '(version 1)(allow default)', 'bash', '-c', three],
            inside(three),
          ),
          program(
            'run_shell_command',
            { command: four },
            ['bwrap', '--ro-bind', '/usr', '/usr', '--bind', a.cwd, a.cwd, '--unshare-net', 'bash', '-c', four],
            inside(four),
          ),
        ],
      });
      t.call({
        tools: [
          program(
            'execute_command',
            { command: five, requires_approval: false },
            ['docker', 'exec', '-w', '/work', '-e', 'CI=1', 'box', 'sh', '-c', five],
            (p) => p.connect('192.0.2.77', 2375),
          ),
          program(
            'execute_command',
            { command: `ls -la ${n}` },
            ['firejail', '--quiet', '--private', 'sh', '-c', `ls -la ${n}`],
            (p) => p.read(n),
          ),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
