import { describe, expect, it } from 'vitest';
import { DEFAULT_REGISTRY, loadProviders } from '../../../../core/index.ts';
import { stdioVerdictOf, verdictOf } from '../../../../receivers/ebpf/observe/verdict.ts';
import { firstBytes } from './http2.ts';

const NOBODY = { sni: undefined, port: 443 };
/** SETTINGS, and PINGs without end. */
const PINGS = `\0\0\0\x04\0\0\0\0\0${`\0\0\x08\x06\0\0\0\0\0pingpong`.repeat(1000)}`;
const post = (path: string, host: string, body = '{}'): string =>
  `POST ${path} HTTP/1.1\r\nHost: ${host}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe('whom a connection is for', () => {
  it.each([
    ['a provider by its host', post('/anything', 'api.anthropic.com'), NOBODY, 'ai'],
    ['a provider by the handshake, before a byte says so', 'P', { sni: 'api.openai.com', port: 443 }, 'ai'],
    ['a gateway by the path', post('/llm/v1/chat/completions?x=1', 'gateway.corp:8443'), NOBODY, 'ai'],
    ['Gemini by the path', post('/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse', 'proxy'), NOBODY, 'ai'],
    ['Bedrock by the path', post('/model/anthropic.claude-v4/converse-stream', 'x'), NOBODY, 'ai'],
    ['Ollama by the path', post('/api/chat', '127.0.0.1:11434'), NOBODY, 'ai'],
    ['MCP by its body', post('/tools', 'x', '{"jsonrpc":"2.0","id":1}'), NOBODY, 'ai'],
    ['another host', post('/upload', 'example.com'), NOBODY, 'other'],
    [
      'a model call behind a page, in the same bytes',
      `GET / HTTP/1.1\r\nhost: x\r\n\r\n${post('/v1/chat/completions', 'x')}`,
      NOBODY,
      'ai',
    ],
    ['a page', 'GET /index.html HTTP/1.1\r\nhost: example.com\r\n\r\n', NOBODY, 'other'],
    ['HTTP/2 to a provider', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { sni: 'api.openai.com', port: 443 }, 'ai'],
    ['HTTP/2 without a request', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { sni: 'example.com', port: 443 }, 'undecided'],
    ['HTTP/2 that is none', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'x'.repeat(64)}`, NOBODY, 'other'],
    ['HTTP/2 in which no request begins', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${PINGS}`, NOBODY, 'other'],
    ['no HTTP', '\u0016\u0003\u0001', NOBODY, 'other'],
    ['a method that is not whole', 'POS', NOBODY, 'undecided'],
    ['a head that is not whole', 'POST /x HTTP/1.1\r\nhost: exam', NOBODY, 'undecided'],
    ['a head that never ends', `POST /x HTTP/1.1\r\nx: ${'a'.repeat(20_000)}`, NOBODY, 'other'],
  ])('%s', (_what, sent, known, verdict) => {
    expect(verdictOf(sent, known, DEFAULT_REGISTRY)).toBe(verdict);
  });

  describe('HTTP/2, by its first requests', () => {
    const BODY = '{"model":"x","messages":[]}';
    it.each([
      [
        'a gateway by the path',
        { ':path': '/llm/v1/chat/completions?x=1', ':authority': 'gateway.corp:8443' },
        BODY,
        'ai',
      ],
      ['a provider by its host', { ':path': '/anything', ':authority': 'API.anthropic.com' }, BODY, 'ai'],
      ['a local server by its port', { ':path': '/x', ':authority': 'localhost:11434' }, BODY, 'ai'],
      ['a host of IPv6', { ':path': '/v1/messages', ':authority': '[::1]:8443' }, BODY, 'ai'],
      ['MCP by its body', { ':path': '/tools', ':authority': 'x' }, '{"jsonrpc":"2.0","id":1}', 'ai'],
      ['another host', { ':path': '/upload', ':authority': 'example.com' }, BODY, 'other'],
    ])('%s', async (_what, fields, body, verdict) => {
      const sent = await firstBytes({ ':method': 'POST', authorization: 'Bearer sk-x', ...fields }, body);
      expect(verdictOf(sent.toString('latin1'), NOBODY, DEFAULT_REGISTRY)).toBe(verdict);
    });

    it('is undecided up to the end of the first head, wherever the bytes end', async () => {
      const fields = {
        ':method': 'POST',
        ':path': '/v1/messages',
        ':authority': 'gateway',
        'x-long': 'ö'.repeat(3000),
      };
      const sent = (await firstBytes(fields, BODY)).toString('latin1');
      const verdicts = Array.from({ length: sent.length }, (_, i) =>
        verdictOf(sent.slice(0, i + 1), NOBODY, DEFAULT_REGISTRY),
      );
      const end = verdicts.indexOf('ai');
      expect(end).toBeGreaterThan(3000);
      expect(new Set(verdicts.slice(0, end))).toEqual(new Set(['undecided']));
      expect(new Set(verdicts.slice(end))).toEqual(new Set(['ai']));
    });
  });

  it.each([
    ['a message of MCP', '{"jsonrpc":"2.0","id":1,"method":"initialize"}\n', 'ai'],
    ['other JSON', '{"a":1}\n', 'other'],
    ['half a line', '{"a":', 'undecided'],
    ['half a line of MCP', '{"jsonrpc": "2.0", "method"', 'ai'],
  ])('pipes: %s', (_what, first, verdict) => {
    expect(stdioVerdictOf(first)).toBe(verdict);
  });
});

describe('a host of the settings', () => {
  const registry = loadProviders({ hosts: { 'gateway.corp.local': 'openai', '*.ai.corp.local': 'anthropic' } });

  it.each([
    ['by the handshake', 'P', { sni: 'gateway.corp.local', port: 443 }],
    ['by the Host header', post('/internal/llm', 'gateway.corp.local'), NOBODY],
    ['by a pattern, over HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { sni: 'eu.ai.corp.local', port: 443 }],
  ])('is one of a provider %s', (_what, sent, known) => {
    expect(verdictOf(sent, known, registry)).toBe('ai');
    expect(verdictOf(sent, known, DEFAULT_REGISTRY)).not.toBe('ai');
  });

  it('is not one because its name looks like it', () => {
    const known = { sni: 'gateway.corp.local.evil.test', port: 443 };
    expect(verdictOf(post('/x', 'gateway.corp.local.evil.test'), known, registry)).toBe('other');
  });
});
