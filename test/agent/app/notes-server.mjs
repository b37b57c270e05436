// An MCP server over stdio with one tool: reads a note of the project.
import fs from 'node:fs';
import readline from 'node:readline';

const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const methods = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'notes', version: '1.0.0' },
  }),
  'tools/list': () => ({
    tools: [{ name: 'read_note', description: 'Reads one note of the project', inputSchema: schema }],
  }),
  'tools/call': ({ arguments: { name } }) => {
    try {
      return { content: [{ type: 'text', text: fs.readFileSync(`notes/${name}.md`, 'utf8') }] };
    } catch {
      return { content: [{ type: 'text', text: `no note ${name}` }], isError: true };
    }
  },
};
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const run = methods[method];
  const reply = run ? { result: run(params) } : { error: { code: -32601, message: `no method ${method}` } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...reply })}\n`);
});
