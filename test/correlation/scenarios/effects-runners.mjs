import { bash, program } from '../simulator/effects.mjs';
export default {
  about:
    'npx, uvx, uv run, nohup, find -exec, here-documents, git hooks; programs without a shell and scripts behind their interpreter',
  run(s) {
    const a = s.agent(),
      n = s.hex(4);
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          bash(`uvx ruff check src/${n}.py`, {
            run: (p) =>
              p.exec(['uvx', 'ruff', 'check', `src/${n}.py`], (q) =>
                q.exec(['/home/user/.cache/uv/ruff', 'check', `src/${n}.py`], (r) => r.read(`src/${n}.py`)),
              ),
          }),
          bash(`uv run pytest -q tests/${n}`, {
            run: (p) =>
              p.exec(['uv', 'run', 'pytest', '-q', `tests/${n}`], (q) =>
                q.exec([`${a.cwd}/.venv/bin/python`, `${a.cwd}/.venv/bin/pytest`, '-q', `tests/${n}`], (r) => {
                  r.read(`tests/${n}/test_a.py`);
                  r.write(`.pytest_cache/${n}`);
                }),
              ),
          }),
        ],
      });
      t.call({
        tools: [
          bash(`find src -name '*-${n}.ts' -exec sed -i s/a/b/ {} \\;`, {
            run: (p) =>
              p.exec(['find', 'src', '-name', `*-${n}.ts`, '-exec', 'sed', '-i', 's/a/b/', '{}', ';'], (q) => {
                for (let i = 0; i < 3; i++)
                  q.exec(['sed', '-i', 's/a/b/', `src/${i}-${n}.ts`], (r) =>
                    r.write(`src/sed${i}`).rename(`src/sed${i}`, `src/${i}-${n}.ts`),
                  );
              }),
          }),
          bash(`python3 - <<'EOF'\nimport os\nprint(os.listdir('src'))\nEOF`, {
            run: (p) => p.exec(['python3', '-'], (q) => q.read('src')),
          }),
        ],
      });
      t.call({
        tools: [
          bash(`git commit -m "fix ${n}"`, {
            run: (p) =>
              p.exec(['git', 'commit', '-m', `fix ${n}`], (q) => {
                q.exec(['/bin/sh', '.git/hooks/pre-commit'], (r) =>
                  r.exec(['npm', 'test'], (u) => u.read('package.json')),
                );
                q.write('.git/index');
              }),
          }),
          program(
            'run_tests',
            { command: `pytest -k case_${n}` },
            ['/usr/bin/python3', '/usr/bin/pytest', '-k', `case_${n}`],
            (p) => p.read('setup.cfg'),
          ),
        ],
      });
      t.call({
        tools: [
          bash(`nohup node serve-${n}.js > serve.log 2>&1 &`, {
            detach: true,
            run: (p) => {
              const q = p.exec(['nohup', 'node', `serve-${n}.js`], null, { detach: true });
              q.become(['node', `serve-${n}.js`]).read(`serve-${n}.js`);
              q.exit(q.now + 90e6, 0);
            },
          }),
        ],
      });
      t.answer();
    });
    a.exit();
  },
};
