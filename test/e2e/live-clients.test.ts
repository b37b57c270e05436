import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonOf, skipsWithoutKernel } from '../bpf/runtimes.ts';
import { collect, configInto, inPlace, type Place, spansIn } from './live.ts';
import { build } from './program.ts';
import { operationOf } from './tree.ts';

interface Call {
  readonly host: string;
  readonly path: string;
  readonly body: string;
  readonly answer: string;
}

const USER = 'Write a title of at most five words for: The ledger tests fail. Find out why and fix it.';
const CALLS = [
  ['api.openai.com', '/v1/chat/completions', 'gpt-5.1', false],
  ['api.openai.com', '/v1/chat/completions', 'gpt-5.1', true],
  ['api.anthropic.com', '/v1/messages', 'claude-haiku-4-5', false],
  ['api.anthropic.com', '/v1/messages', 'claude-haiku-4-5', true],
] as const;

/** What an answer says, read out of its bytes without the decoder: whole or as server-sent events, of either API. */
function toldBy(text: string): object {
  const parts = text.startsWith('{') ? [text] : [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => data ?? '');
  const all = parts.map((part) => JSON.parse(part));
  const pick = (paths: readonly string[]): unknown[] =>
    all.flatMap((one) => paths.flatMap((path) => path.split('.').reduce((at, key) => at?.[key], one) ?? []));
  return {
    id: pick(['id', 'message.id'])[0],
    model: pick(['model', 'message.model'])[0],
    input: pick(['usage.prompt_tokens', 'usage.input_tokens', 'message.usage.input_tokens'])[0],
    output: pick(['usage.completion_tokens', 'usage.output_tokens']).at(-1),
    finish: pick(['choices.0.finish_reason', 'stop_reason', 'delta.stop_reason'])[0],
    text: pick(['choices.0.message.content', 'choices.0.delta.content', 'content.0.text', 'delta.text']).join(''),
  };
}

describe.skipIf(skipsWithoutKernel())('model calls of programs with the TLS library of the system', () => {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oisp-e2e-'));
    await build();
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const clients: Record<string, (place: Place, calls: readonly Call[], python: string) => readonly string[]> = {
    python: ({ stage, port }, calls, python) => {
      const file = join(dir, 'calls.json');
      writeFileSync(file, JSON.stringify(calls));
      return [python, fileURLToPath(new URL('clients/calls.py', import.meta.url)), file, port, stage.ca];
    },
    curl: ({ stage, port }, calls) => [
      ...['curl', '-sS', '--no-buffer', '--cacert', stage.ca],
      ...calls.flatMap(({ host, path, body, answer }, i) => [
        ...(i > 0 ? ['--next', '-sS', '--no-buffer', '--cacert', stage.ca] : []),
        ...['--connect-to', `${host}:443:127.0.0.1:${port}`, '-H', 'content-type: application/json'],
        ...['-H', 'authorization: Bearer sk-x', '-d', body, '-o', answer, `https://${host}${path}`],
      ]),
    ],
  };

  it.each(Object.keys(clients))('are told as %s received them, whole and streamed', async (name) => {
    const file = join(dir, `${name}.jsonl`);
    const calls = CALLS.map(([host, path, model, stream], i) => {
      const messages = [{ role: 'user', content: USER }];
      const more = {
        max_tokens: 32,
        ...(stream && host.includes('openai') && { stream_options: { include_usage: true } }),
      };
      const body = JSON.stringify({ model, stream, messages, ...more });
      return { host, path, body, answer: join(dir, `${name}-${i}`) };
    });
    await inPlace(async (place) => {
      const { python, libraries } = pythonOf();
      const copies = libraries.map(place.copy);
      const command = clients[name]?.(place, calls, python) ?? [];
      const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LD_LIBRARY_PATH: join(place.stage.root, 'bin') };
      const words = ['run', '--config', configInto(join(dir, `${name}.yaml`), file, 'full')];
      const probed = copies.filter((path) => path.includes('libssl'));
      const ended = await collect(place, words, probed, env, command);
      expect(ended, ended.stderr).toEqual({ code: 0, stdout: '', stderr: '' });
    });
    const chats = spansIn(file).filter((span) => operationOf(span) === 'chat');
    expect(chats).toHaveLength(calls.length);
    for (const { answer, host, body } of calls) {
      const told = toldBy(readFileSync(answer, 'utf8')) as { id: string };
      const a = chats.find((span) => span.attributes['gen_ai.response.id'] === told.id)?.attributes ?? {};
      const [message] = JSON.parse(String(a['gen_ai.output.messages'] ?? '[{}]'));
      expect({
        id: a['gen_ai.response.id'],
        model: a['gen_ai.response.model'],
        input: a['gen_ai.usage.input_tokens'],
        output: a['gen_ai.usage.output_tokens'],
        finish: (a['gen_ai.response.finish_reasons'] as string[] | undefined)?.[0],
        text: message.parts?.map((part: { content?: string }) => part.content).join(''),
      }).toEqual(told);
      expect(told).toMatchObject({ text: 'Fix failing ledger tests', input: 41, output: 8 });
      expect(a).toMatchObject({
        'oisp.completeness': 'full',
        'server.address': host,
        'gen_ai.request.model': JSON.parse(body).model,
        'http.response.status_code': 200,
      });
    }
  });
});
