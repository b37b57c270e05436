import { expect, test } from 'vitest';
import { Meter } from '../../../../core/index.ts';
import { makeContext } from '../../../../core/testing/index.ts';
import { Counters } from '../../../../processors/decode/counters.ts';
import { Http2Protocol } from '../../../../processors/decode/http2/protocol.ts';
import type { ConnectionProtocol } from '../../../../processors/decode/stream/protocol.ts';
import type { Upgrade } from '../../../../processors/decode/stream/upgrade.ts';
import { connectionInfo, Recorder } from '../capture.ts';
import { Conversation, HOST } from './conversation.ts';

const info = connectionInfo(new Counters(new Meter(), makeContext().context.log, 'decode'));

/** Feeds a conversation to a connection whose tunnels are read by somebody who writes down what comes. */
function run(conversation: Conversation): { heard: string[]; upgrades: Upgrade[] } {
  const heard: string[] = [];
  const upgrades: Upgrade[] = [];
  const next: ConnectionProtocol = {
    feed: (dir, bytes) => heard.push(`${dir} ${bytes.toString('latin1')}`),
    gap: (dir, size) => heard.push(`gap ${dir} ${size}`),
    end: (_mark, how) => heard.push(`end ${how.torn} ${how.ended}`),
    ready: () => true,
    busy: true,
    size: 100,
    ignored: false,
  };
  const protocol = new Http2Protocol(info, {
    late: false,
    upgraded: (_info, upgrade) => {
      upgrades.push(upgrade);
      return next;
    },
  });
  const mark = { event: new Recorder().record('capture.data', {}), ms: 0 };
  for (const { dir, bytes } of conversation.parts) protocol.feed(dir, bytes, mark);
  protocol.end(mark, { torn: false, ended: true });
  return { heard, upgrades };
}

const connect = (): Conversation =>
  new Conversation().head('sent', 1, [
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':path', '/v1/realtime'],
    [':authority', HOST],
  ]);

test('a stream goes on in the protocol that an extended CONNECT asked for, what came early first', () => {
  const c = connect()
    .data('sent', 1, 'early')
    .head('received', 1, [[':status', '200']]);
  c.data('received', 1, 'there').data('sent', 1, 'back').data('sent', 1, '', true).data('received', 1, '', true);
  const { heard, upgrades } = run(c);
  expect(heard).toEqual(['sent early', 'received there', 'sent back', 'end false true']);
  expect(upgrades).toMatchObject([
    { protocol: 'websocket', stream: 1, ordinal: 0, request: { target: '/v1/realtime' }, response: { status: 200 } },
  ]);
});

test('a stream that is reset or whose connection ends is over', () => {
  const open = (): Conversation => connect().head('received', 1, [[':status', '200']]);
  expect(run(open().reset('received', 1, 2)).heard).toEqual(['end true true']);
  expect(run(open()).heard).toEqual(['end false true']);
});

test('an answer that refuses opens nothing', () => {
  expect(run(connect().head('received', 1, [[':status', '403']], true)).upgrades).toEqual([]);
});
