// A small MCP client over the stdio of a child process: JSON-RPC 2.0, one message per line (Model Context Protocol, transports, stdio).
import { spawn } from 'node:child_process';
import readline from 'node:readline';

export class McpClient {
  #next = 1;
  #open = new Map();
  constructor(name, command, args, cwd) {
    this.name = name;
    this.child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      const open = this.#open.get(message.id);
      this.#open.delete(message.id);
      if (message.error) open?.reject(new Error(message.error.message));
      else open?.resolve(message.result);
    });
  }
  #send(message) {
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }
  request(method, params) {
    const id = this.#next++;
    this.#send({ id, method, params });
    return new Promise((resolve, reject) => this.#open.set(id, { resolve, reject }));
  }
  async start() {
    const clientInfo = { name: 'harbor-agent', version: '0.4.0' };
    await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.#send({ method: 'notifications/initialized' });
    return (await this.request('tools/list', {})).tools;
  }
  async stop() {
    this.child.stdin.end();
    return this.ended;
  }
}
