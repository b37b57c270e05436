import { closeSync, openSync, writeSync } from 'node:fs';

/**
 * A made recording for benches: agents that resend a growing history to Anthropic and OpenAI shapes, stream their answers, and run tools
 * whose processes, files and connections are seen as well. Deterministic for a seed, which is a host of its own. Three quarters of the lines are system events of
 * about 800 bytes, three fifths of the bytes are captured traffic.
 */
export function writeMix(
  path: string,
  options: { readonly megabytes: number; readonly seed?: number },
): { lines: number; bytes: number } {
  const fd = openSync(path, 'w');
  const mix = new Mix(options.seed ?? 1);
  let bytes = 0;
  let lines = 0;
  try {
    while (bytes < options.megabytes * 1e6) {
      const part = mix.agent();
      lines += part.length;
      const buffer = Buffer.from(`${part.join('\n')}\n`);
      for (let at = 0; at < buffer.length; ) at += writeSync(fd, buffer, at);
      bytes += buffer.length;
    }
  } finally {
    closeSync(fd);
  }
  return { lines, bytes };
}

const WORDS =
  'the parser reads one line and returns what it found unless the buffer ends before the mark, then the rest is kept for later; 日本語 naïve café 🚀 const value = await queue.take({ limit: 64 }); if (!value) return; // nothing to do'.split(
    ' ',
  );

class Mix {
  #state: number;
  #now = 1_763_600_000_000;
  #pid = 1000;
  #conn = 0;
  #id = 0;
  #lines: string[] = [];
  readonly #host: string;

  constructor(seed: number) {
    this.#host = seed.toString(16).padStart(32, '0');
    this.#state = seed * 2_654_435_761;
  }

  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0;
    return (this.#state >>> 0) / 4_294_967_296;
  }

  #text(words: number): string {
    const out: string[] = [];
    for (let i = 0; i < words; i++) out.push(WORDS[Math.floor(this.#random() * WORDS.length)] as string);
    return out.join(' ');
  }

  #event(type: string, pid: number, data: object, method = 'ebpf_tracepoint'): void {
    this.#now += 0.4 + this.#random() * 4;
    const micros = Math.floor((this.#now % 1) * 1e6)
      .toString()
      .padStart(6, '0');
    const ts = `${new Date(Math.floor(this.#now)).toISOString().slice(0, 23)}${micros}Z`;
    this.#lines.push(
      JSON.stringify({
        oisp_version: '0.1',
        event_id: `01KBENCH${(this.#id++).toString(36).toUpperCase().padStart(18, '0')}`,
        event_type: type,
        ts,
        ts_mono: Math.floor((this.#now - 1_763_000_000_000) * 1e6),
        host: {
          hostname: 'bench-host',
          device_id: this.#host,
          os: 'linux',
          arch: 'x86_64',
          kernel_version: '6.1.0',
          boot_id: 'b-1',
        },
        actor: { uid: 1000, gid: 1000, user: 'dev' },
        process: {
          pid,
          ppid: pid > 1_000_000 ? pid - 1 : 1,
          exe: '/usr/bin/node',
          name: 'node',
          start_time: '2026-11-20T10:00:00.000000000Z',
          thread_id: pid,
          cwd: '/home/dev/project',
        },
        source: { collector: 'oisp-collector', collector_version: '0.1.0', capture_method: method, clock: 'monotonic' },
        confidence: { level: 'high', completeness: 'full', process_attribution: 'direct' },
        data,
      }),
    );
  }

  #bytes(
    pid: number,
    conn: string,
    dir: 'sent' | 'received',
    at: { seq: number; offset: number },
    bytes: Buffer,
  ): void {
    for (let i = 0; i < bytes.length; i += 16_384) {
      const piece = bytes.subarray(i, i + 16_384);
      this.#event(
        'capture.data',
        pid,
        { conn, dir, seq: at.seq++, offset: at.offset, b64: piece.toString('base64') },
        'ebpf_uprobe',
      );
      at.offset += piece.length;
    }
  }

  /** One agent: a few turns on one connection. */
  agent(): string[] {
    this.#lines = [];
    this.#pid += 7;
    const pid = this.#pid;
    const conn = `${pid}-${++this.#conn}`;
    const isAnthropic = this.#random() < 0.6;
    const host = isAnthropic ? 'api.anthropic.com' : 'api.openai.com';
    this.#event('process.exec', pid, {
      exe: '/usr/bin/node',
      args: ['node', 'agent.js'],
      cwd: '/home/dev/project',
      is_shell: false,
    });
    this.#event('capture.open', pid, { conn, protocol: 'tls', sni: host, alpn: 'http/1.1' }, 'ebpf_uprobe');
    const sent = { seq: 0, offset: 0 };
    const received = { seq: 0, offset: 0 };
    const system = this.#text(700);
    const history: object[] = [];
    for (let turn = 0; turn < 2; turn++) {
      history.push({ role: 'user', content: this.#text(60) });
      for (let call = 0; call < 4; call++) {
        const wantsTool = call < 3;
        const id = `${isAnthropic ? 'toolu' : 'call'}_${pid}_${turn}_${call}_abcdefgh`;
        const file = `src/file${Math.floor(this.#random() * 50)}.ts`;
        const answer = this.#text(wantsTool ? 20 : 120);
        const command = `node build-${turn}-${call}.js ${file}`;
        this.#bytes(
          pid,
          conn,
          'sent',
          sent,
          isAnthropic ? anthropicRequest(host, system, history) : openaiRequest(host, system, history),
        );
        const pieces = isAnthropic
          ? anthropicAnswer(answer, wantsTool ? { id, command } : undefined)
          : openaiAnswer(answer, wantsTool ? { id, command } : undefined);
        for (const piece of pieces) this.#bytes(pid, conn, 'received', received, piece);
        if (isAnthropic)
          history.push({
            role: 'assistant',
            content: [
              { type: 'text', text: answer },
              ...(wantsTool ? [{ type: 'tool_use', id, name: 'Bash', input: { command } }] : []),
            ],
          });
        else
          history.push({
            role: 'assistant',
            content: answer,
            ...(wantsTool && {
              tool_calls: [
                { id, type: 'function', function: { name: 'Bash', arguments: JSON.stringify({ command }) } },
              ],
            }),
          });
        if (!wantsTool) break;
        this.#tool(pid, command, file);
        const result = this.#text(150 + Math.floor(this.#random() * 900));
        if (isAnthropic)
          history.push({
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: result }] }],
          });
        else history.push({ role: 'tool', tool_call_id: id, content: result });
      }
    }
    this.#event('capture.close', pid, { conn, reason: 'exit' }, 'ebpf_uprobe');
    this.#event('process.exit', pid, { exit_code: 0, runtime_ms: 900, termination_type: 'normal' });
    return this.#lines;
  }

  #tool(pid: number, command: string, file: string): void {
    this.#pid += 3;
    const shell = 1_000_000 + this.#pid;
    this.#event('process.fork', pid, { child_pid: shell, is_thread: false });
    this.#event('process.exec', shell, {
      exe: '/bin/sh',
      args: ['/bin/sh', '-c', command],
      cwd: '/home/dev/project',
      is_shell: true,
    });
    for (let i = 0; i < 9; i++) {
      this.#event('file.open', shell, { path: `/home/dev/project/${file}.${i}`, flags: ['read'], fd: 20 });
      this.#event('file.read', shell, { path: `/home/dev/project/${file}.${i}`, bytes_read: 4096, complete: true });
      this.#event('file.write', shell, {
        path: `/home/dev/project/out/${file}.${i}`,
        bytes_written: 900,
        created: true,
      });
    }
    this.#event('network.connect', shell, {
      dest: { ip: '192.0.2.7', port: 443, domain: 'packages.example.net' },
      protocol: 'tcp',
      success: true,
      latency_ms: 3,
    });
    this.#event('process.exit', shell, { exit_code: 0, runtime_ms: 60, termination_type: 'normal' });
  }
}

function http(head: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`), body]);
}

function anthropicRequest(host: string, system: string, messages: readonly object[]): Buffer {
  const body = JSON.stringify({
    model: 'claude-sonnet-4-5',
    max_tokens: 8192,
    system: [{ type: 'text', text: system }],
    tools: [{ name: 'Bash', description: 'Runs a command.', input_schema: { type: 'object' } }],
    messages,
    stream: true,
  });
  return http(
    `POST /v1/messages HTTP/1.1\r\nhost: ${host}\r\nuser-agent: bench-agent/1.0\r\ncontent-type: application/json\r\nx-api-key: bench\r\n`,
    Buffer.from(body),
  );
}

function openaiRequest(host: string, system: string, messages: readonly object[]): Buffer {
  const body = JSON.stringify({
    model: 'gpt-5.1',
    messages: [{ role: 'system', content: system }, ...messages],
    tools: [
      { type: 'function', function: { name: 'Bash', description: 'Runs a command.', parameters: { type: 'object' } } },
    ],
    stream: true,
    stream_options: { include_usage: true },
  });
  return http(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: ${host}\r\nuser-agent: bench-agent/1.0\r\ncontent-type: application/json\r\nauthorization: Bearer bench\r\n`,
    Buffer.from(body),
  );
}

const HEAD = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n');

function chunked(events: readonly string[]): Buffer[] {
  const pieces = events.map((event) => {
    const bytes = Buffer.from(event);
    return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  });
  const joined: Buffer[] = [HEAD];
  for (let i = 0; i < pieces.length; i += 4) joined.push(Buffer.concat(pieces.slice(i, i + 4)));
  joined.push(Buffer.from('0\r\n\r\n'));
  return joined;
}

interface ToolAsked {
  readonly id: string;
  readonly command: string;
}

function anthropicAnswer(text: string, tool: ToolAsked | undefined): Buffer[] {
  const ev = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const out = [
    ev('message_start', {
      message: {
        id: 'msg_bench',
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5',
        content: [],
        usage: { input_tokens: 900, cache_read_input_tokens: 100, output_tokens: 1 },
      },
    }),
  ];
  out.push(ev('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }));
  for (let i = 0; i < text.length; i += 40)
    out.push(ev('content_block_delta', { index: 0, delta: { type: 'text_delta', text: text.slice(i, i + 40) } }));
  out.push(ev('content_block_stop', { index: 0 }));
  if (tool) {
    out.push(
      ev('content_block_start', {
        index: 1,
        content_block: { type: 'tool_use', id: tool.id, name: 'Bash', input: {} },
      }),
    );
    out.push(
      ev('content_block_delta', {
        index: 1,
        delta: { type: 'input_json_delta', partial_json: JSON.stringify({ command: tool.command }) },
      }),
    );
    out.push(ev('content_block_stop', { index: 1 }));
  }
  out.push(
    ev('message_delta', { delta: { stop_reason: tool ? 'tool_use' : 'end_turn' }, usage: { output_tokens: 80 } }),
    ev('message_stop', {}),
  );
  return chunked(out);
}

function openaiAnswer(text: string, tool: ToolAsked | undefined): Buffer[] {
  const ev = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', model: 'gpt-5.1', choices, ...more })}\n\n`;
  const delta = (d: object, finish: string | null = null): string =>
    ev([{ index: 0, delta: d, finish_reason: finish }]);
  const out = [delta({ role: 'assistant', content: '' })];
  for (let i = 0; i < text.length; i += 40) out.push(delta({ content: text.slice(i, i + 40) }));
  if (tool)
    out.push(
      delta({
        tool_calls: [
          {
            index: 0,
            id: tool.id,
            type: 'function',
            function: { name: 'Bash', arguments: JSON.stringify({ command: tool.command }) },
          },
        ],
      }),
    );
  out.push(
    delta({}, tool ? 'tool_calls' : 'stop'),
    ev([], { usage: { prompt_tokens: 900, completion_tokens: 80, total_tokens: 980 } }),
    'data: [DONE]\n\n',
  );
  return chunked(out);
}
