// The tools of the demo agent. Each does its work for real and notes in `fact` what it touched: paths, processes, hosts.
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';

const string = { type: 'string' };
const object = (properties, required = Object.keys(properties)) => ({ type: 'object', properties, required });

export const definitions = [
  {
    name: 'bash',
    description: 'Runs a shell command in the project',
    schema: object({ command: string, description: string }, ['command']),
  },
  { name: 'read_file', description: 'Reads a file', schema: object({ path: string }) },
  {
    name: 'edit_file',
    description: 'Replaces a text in a file',
    schema: object({ path: string, old: string, new: string }),
  },
  { name: 'web_fetch', description: 'Fetches a page', schema: object({ url: string }) },
  {
    name: 'task',
    description: 'Gives a task to a helper with its own conversation',
    schema: object({ description: string, prompt: string }),
  },
];

/** Runs in `bash -lc`, or in `sh -c` for every second command: both kinds of shell tool are in use. */
let shells = 0;
function bash({ command }, fact) {
  const [shell, flag] = shells++ % 2 === 0 ? ['bash', '-lc'] : ['sh', '-c'];
  return new Promise((resolve, reject) => {
    const child = spawn(shell, [flag, command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const run = { pid: child.pid, argv: [shell, flag, command] };
    fact.processes.push(run);
    let output = '';
    child.stdout.on('data', (part) => (output += part));
    child.stderr.on('data', (part) => (output += part));
    child.once('error', reject);
    // 'exit', not 'close': a server left running keeps the pipes open
    child.once('exit', (code) => {
      run.exit_code = code;
      setImmediate(() => resolve({ text: output || `exit code ${code}`, failed: code !== 0 }));
    });
  });
}

async function readFile({ path: name }, fact) {
  fact.files.push({ path: path.resolve(name), op: 'read' });
  return { text: await fs.readFile(name, 'utf8') };
}

/** Writes beside the file and renames over it, as editors do. */
async function editFile(args, fact) {
  const target = path.resolve(args.path);
  const before = await fs.readFile(target, 'utf8');
  if (!before.includes(args.old)) return { text: `text not found in ${args.path}`, failed: true };
  const beside = `${target}.tmp-${process.pid}`;
  await fs.writeFile(
    beside,
    before.replace(args.old, () => args.new),
  );
  await fs.rename(beside, target);
  fact.files.push({ path: target, op: 'read' }, { path: target, op: 'write' });
  return { text: `edited ${args.path}` };
}

async function webFetch({ url }, fact) {
  const { hostname, port } = new URL(url);
  fact.hosts.push({ ip: hostname, port: Number(port) });
  const response = await fetch(url, { headers: { connection: 'close' } });
  return { text: await response.text(), failed: !response.ok };
}

const local = { bash, read_file: readFile, edit_file: editFile, web_fetch: webFetch };

/**
 * Runs one call and returns {text, failed?}. `context`: `mcp` (server name -> client), `subAgent(args, fact)`.
 */
export async function runTool(name, args, fact, context) {
  try {
    if (name === 'task') return await context.subAgent(args, fact);
    const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? [];
    if (server) {
      const client = context.mcp[server];
      fact.mcp = { server, pid: client.child.pid, tool };
      fact.files.push({ path: path.resolve(`notes/${args.name}.md`), op: 'read', pid: client.child.pid });
      const result = await client.request('tools/call', { name: tool, arguments: args });
      return { text: result.content.map((part) => part.text).join('\n'), failed: result.isError === true };
    }
    return await local[name](args, fact);
  } catch (error) {
    return { text: String(error), failed: true };
  }
}
