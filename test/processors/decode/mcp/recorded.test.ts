import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skipsWithoutData } from '../../../require.ts';
import { decode, Recorder } from '../capture.ts';

interface Exchange {
  readonly id: string;
  readonly kind: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly request_headers: readonly (readonly [string, string])[];
  readonly response_headers: readonly (readonly [string, string])[];
  readonly request_body_b64: string;
  readonly response_body_b64: string;
  readonly mcp?: { readonly mcp_method: string; readonly jsonrpc_id: number | null; readonly is_error: boolean | null };
}

const folder = join(import.meta.dirname, '../../../../../shared/data/exchanges');
const isThere = existsSync(folder);

function exchanges(): Exchange[] {
  const found: Exchange[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl')))
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n'))
      if (line.includes('"kind": "mcp"')) found.push(JSON.parse(line) as Exchange);
  return found;
}

function message(start: string, headers: Exchange['request_headers'], body: string): Buffer {
  const bytes = Buffer.from(body, 'base64');
  const kept = headers.filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name));
  const lines = [...kept, ['content-length', String(bytes.length)]].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${start}\r\n${lines.join('')}\r\n`), bytes]);
}

describe.skipIf(skipsWithoutData('../shared/data/exchanges', isThere))('recorded exchanges of MCP', () => {
  it.each([Number.POSITIVE_INFINITY, 1, 97])('say what their messages say (records of %s bytes)', (size) => {
    const all = exchanges();
    expect(all).toHaveLength(6);
    for (const one of all) {
      const { pathname, host } = new URL(one.url);
      const r = new Recorder()
        .open('a', { sni: host, alpn: 'http/1.1' })
        .data(
          'a',
          'sent',
          message(`${one.method} ${pathname} HTTP/1.1`, one.request_headers, one.request_body_b64),
          size,
        )
        .data('a', 'received', message(`HTTP/1.1 ${one.status} X`, one.response_headers, one.response_body_b64), size)
        .close('a');
      const { out, meter, count } = decode(r.events);
      const methods = meter.samples().filter((sample) => sample.name === 'oisp_decode_mcp_messages');
      expect(methods.map((sample) => sample.labels['method'])).toContain(one.mcp?.mcp_method);
      expect(count('lost_requests') + count('lost_responses') + count('unreadable_events')).toBe(0);
      const types = out.map((event) => event.event_type);
      switch (one.mcp?.mcp_method) {
        case 'initialize':
          expect(types).toEqual(['agent.session']);
          expect(out[0]?.data).toEqual({
            action: 'start',
            agent: { name: 'DeepWiki', type: 'server', version: '2.14.3' },
          });
          break;
        case 'tools/call': {
          expect(types).toEqual(['agent.tool_call', 'agent.tool_result']);
          const asked = JSON.parse(Buffer.from(one.request_body_b64, 'base64').toString()) as {
            params: { arguments: unknown };
          };
          const said = Buffer.from(one.response_body_b64, 'base64').toString().split('\r\n');
          const last =
            said
              .filter((line) => line.startsWith('data: '))
              .at(-1)
              ?.slice(6) ?? '';
          expect(out[0]?.data).toMatchObject({
            tool: { name: 'ask_question', server: host },
            arguments: asked.params.arguments,
          });
          expect(out[1]?.data).toMatchObject({
            success: true,
            result: (JSON.parse(last) as { result: unknown }).result,
          });
          expect(out[0]?.attrs).toMatchObject({
            'mcp.request.id': String(one.mcp.jsonrpc_id),
            'mcp.protocol.version': '2025-11-25',
            'server.address': host,
          });
          expect(out[0]?.confidence.level).toBe('high');
          break;
        }
        default:
          expect(types).toEqual([]);
      }
    }
  });
});
