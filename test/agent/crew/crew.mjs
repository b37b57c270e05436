// One agent of a crew: three turns of parallel tools and two helpers at once, all in this process. Notes for each tool call what it does: crew.mjs A
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { question, TURNS } from './script.mjs';

const me = Number(process.argv[2]);
/** {id, name, how, effects: [{type, path | args | port}]}; `how`: what tells whose effect it is. */
const facts = [];
const string = { type: 'string' };
const definitions = Object.entries({
  read_file: { path: string },
  write_file: { path: string, text: string },
  bash: { command: string },
  fetch: { url: string },
  look_up: { topic: string },
  task: { prompt: string },
}).map(([name, properties]) => ({ name, description: name, input_schema: { type: 'object', properties } }));

const run = {
  async read_file({ path: name }, fact) {
    fact.effects.push({ type: 'file.read', path: path.resolve(name) });
    return fs.readFile(name, 'utf8');
  },
  async write_file({ path: name, text }, fact) {
    fact.effects.push({ type: 'file.write', path: path.resolve(name) });
    await fs.writeFile(name, text);
    return 'written';
  },
  bash({ command }, fact) {
    fact.how = 'process';
    const [from, to] = command.match(/a\d\S+?\.(?:txt|out)/g);
    const [input, output] = [path.resolve(from), path.resolve(to)];
    fact.effects.push(
      { type: 'process.exec', args: ['sh', '-c', command] },
      { type: 'process.exec', args: ['sort', from] },
      { type: 'file.read', path: input },
      { type: 'file.write', path: output },
      { type: 'process.exec', args: ['wc', '-l', to] },
      { type: 'file.read', path: output },
    );
    return new Promise((resolve, reject) => {
      const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (part) => (text += part));
      child.once('error', reject);
      child.once('close', () => resolve(text));
    });
  },
  async fetch({ url }, fact) {
    fact.effects.push({ type: 'network.connect', port: Number(new URL(url).port) });
    return (await fetch(url, { headers: { connection: 'close' } })).text();
  },
  async look_up(_, fact) {
    fact.how = 'open';
    const name = `a${me}/t${turn}-look.txt`;
    fact.effects.push({ type: 'file.read', path: path.resolve(name) });
    return fs.readFile(name, 'utf8');
  },
  async task({ prompt }) {
    return await loop([{ role: 'user', content: prompt }]);
  },
};

async function loop(messages) {
  const client = new Anthropic();
  for (;;) {
    const answer = await client.messages
      .stream({ model: 'claude-opus-4-8', max_tokens: 1024, tools: definitions, messages })
      .finalMessage();
    messages.push({ role: 'assistant', content: answer.content });
    const calls = answer.content.filter((block) => block.type === 'tool_use');
    if (calls.length === 0) return answer.content.map((block) => block.text ?? '').join('');
    const content = await Promise.all(
      calls.map(async ({ id, name, input }) => {
        const fact = { id, name, how: 'argument', effects: [] };
        facts.push(fact);
        return { type: 'tool_result', tool_use_id: id, content: await run[name](input, fact) };
      }),
    );
    messages.push({ role: 'user', content });
  }
}

let turn = 0;
const history = [];
for (; turn < TURNS; turn++) {
  history.push({ role: 'user', content: question(me, turn) });
  await loop(history);
}
await fs.writeFile(`${process.env.OISP_DEMO_TRUTH}.${me}`, JSON.stringify({ pid: process.pid, tools: facts }));
