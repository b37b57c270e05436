// The local model server of the demo: TLS with the certificate it is given, three APIs, answers from the script. It finds the step of the script
// in the request: the last thing the user said and the number of answers given since.
// usage: node server.mjs CERT KEY   prints {"port":N} when it listens
import fs from 'node:fs';
import https from 'node:https';
import { constants, createGzip } from 'node:zlib';
import { script } from './script.mjs';
import { chat, Ids, messages, responses } from './wire.mjs';

const [cert, key] = process.argv.slice(2);
const ids = new Ids(0x5eed);
/** Responses API: what an answer's id continues. */
const chains = new Map();
/** Steps whose one refusal was given. */
const refused = new Set();

const APIS = {
  '/v1/messages': { render: messages, read: readMessages, refuse: anthropicError },
  '/v1/chat/completions': { render: chat, read: readChat, refuse: openaiError },
  '/v1/responses': { render: responses, read: readResponses, refuse: openaiError },
};

function textOf(content) {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('');
}
/** {user, answers, results}: the last user text, the answers since, all tool results since. */
function readMessages({ messages: list }) {
  const at = list.findLastIndex(
    (m) => m.role === 'user' && (typeof m.content === 'string' || m.content.some((b) => b.type === 'text')),
  );
  const since = list.slice(at + 1);
  const results = since.flatMap((m) =>
    (Array.isArray(m.content) ? m.content : []).filter((b) => b.type === 'tool_result'),
  );
  return {
    user: textOf(
      typeof list[at].content === 'string' ? list[at].content : list[at].content.filter((b) => b.type === 'text'),
    ),
    answers: since.filter((m) => m.role === 'assistant').length,
    results: results.map((b) => textOf(b.content)),
  };
}
function readChat({ messages: list }) {
  const at = list.findLastIndex((m) => m.role === 'user');
  const since = list.slice(at + 1);
  return {
    user: textOf(list[at].content),
    answers: since.filter((m) => m.role === 'assistant').length,
    results: since.filter((m) => m.role === 'tool').map((m) => textOf(m.content)),
  };
}
function readResponses({ input, previous_response_id }) {
  const list = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const before = chains.get(previous_response_id);
  const results = list.filter((i) => i.type === 'function_call_output').map((i) => i.output);
  const asked = list.findLast((i) => i.role === 'user');
  if (asked) return { user: textOf(asked.content), answers: 0, results };
  if (!before) throw new Error('unknown previous_response_id');
  return { user: before.user, answers: before.answers + 1, results: [...before.results, ...results] };
}
function openaiError(response, { message, retryMs }) {
  response.writeHead(429, {
    'content-type': 'application/json',
    'retry-after-ms': String(retryMs),
    'x-request-id': ids.hex('req_', 32),
  });
  response.end(JSON.stringify({ error: { message, type: 'requests', param: null, code: 'rate_limit_exceeded' } }));
}
function anthropicError(response, { message, retryMs }) {
  response.writeHead(429, {
    'content-type': 'application/json',
    'retry-after': String(Math.ceil(retryMs / 1000)),
    'request-id': ids.make('req_011', 21),
  });
  response.end(JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message } }));
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function answer(request, response, api, body) {
  const step = api.read(body);
  const make = script[step.user]?.[step.answers];
  if (!make) throw new Error(`no answer ${step.answers} for: ${step.user}`);
  const what = typeof make === 'function' ? make(step) : make;
  const stepName = `${step.user}|${step.answers}`;
  await pause(what.thinkMs ?? 60);
  if (what.refuse && !refused.has(stepName)) {
    refused.add(stepName);
    api.refuse(response, what.refuse);
    return;
  }
  const wire = api.render(ids, body, what);
  chains.set(wire.id, step);
  const headers = {
    'content-type': wire.body ? 'application/json' : 'text/event-stream; charset=utf-8',
    ...(api.render === messages
      ? { 'request-id': ids.make('req_011', 21) }
      : { 'x-request-id': ids.hex('req_', 32), 'openai-processing-ms': '60' }),
  };
  if (wire.body) {
    const bytes = Buffer.from(JSON.stringify(wire.body));
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    response.end(bytes);
    return;
  }
  // the Anthropic side compresses its streams when the client offers gzip, flushed per event, as the real one does
  const gzip =
    api.render === messages &&
    /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') &&
    createGzip({ flush: constants.Z_SYNC_FLUSH });
  response.writeHead(200, { ...headers, 'cache-control': 'no-cache', ...(gzip && { 'content-encoding': 'gzip' }) });
  if (gzip) gzip.pipe(response);
  const out = gzip || response;
  for (const [i, event] of wire.events.entries()) {
    out.write(event);
    if (i % 5 === 4) await pause(4);
  }
  out.end();
}

const server = https.createServer(
  { cert: fs.readFileSync(cert), key: fs.readFileSync(key), ALPNProtocols: ['http/1.1'] },
  (request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const api = APIS[new URL(request.url, 'https://x').pathname];
      if (!api) {
        response.writeHead(404).end();
        return;
      }
      answer(request, response, api, JSON.parse(Buffer.concat(parts).toString())).catch((error) => {
        console.error(error);
        response.destroy();
      });
    });
  },
);
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
