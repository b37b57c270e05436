import { bash, edit, grep, read, write } from '../simulator/effects.mjs';
export default {
  about:
    'three agents in one process, each with its folder, name the same relative files and commands at the same time',
  agents: 3,
  run(s) {
    const proc = s.process('/usr/bin/node', ['node', 'agents.js']),
      provider = s.pick(['anthropic', 'openai', 'gemini']),
      agents = [];
    for (let i = 0; i < 3; i++)
      agents.push(s.agent({ proc, provider, shell: 'plain', headers: false, at: s.now + i * 4e6 }));
    for (const a of agents)
      a.turn(s.text(), (t) => {
        t.call({ tools: [read('src/same.ts', { ms: 20 }), read('README.md')] });
        t.call({
          tools: [
            bash(s.pick(['npm test', 'npm test', 'git status']), { about: s.text(4), ms: 300 }),
            edit('src/same.ts'),
          ],
        });
        t.call({ tools: [grep(`todo_${a.id.slice(-1)}`), write('src/new.ts')] });
        t.answer();
      });
    s.end(proc, agents);
  },
};
