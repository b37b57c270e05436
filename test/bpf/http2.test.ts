import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameReader } from '../../core/index.ts';
import { CollectingSink } from '../../core/testing/index.ts';
import { type Captured, connectionsOf, Lab, observe, programs } from './lab.ts';
import { skipsWithoutKernel } from './runtimes.ts';

const script = join(programs, 'http2.mjs');
const MIB = 1 << 20;

/** Bytes of the bodies in one direction, by stream. */
function bodies(peer: 'client' | 'server', bytes: Buffer): number[] {
  const sizes = new Map<number, number>();
  const nothing = (): void => undefined;
  const reader = new FrameReader<undefined>(peer, false, {
    data: (stream, _bytes, from, to) => void sizes.set(stream, (sizes.get(stream) ?? 0) + to - from),
    lost: () => expect.unreachable(),
    ...{ headers: nothing, promise: nothing, blockLost: nothing, missing: nothing, end: nothing },
    ...{ reset: nothing, setting: nothing, goaway: nothing, refused: nothing },
  });
  reader.feed(bytes, undefined);
  return [...sizes.values()];
}

describe.skipIf(skipsWithoutKernel())('plaintext of HTTP/2', { timeout: 120_000 }, () => {
  let lab: Lab;
  let server: ReturnType<typeof spawn>;
  let port: string;

  beforeAll(async () => {
    lab = new Lab();
    // by the Node of the tests, which nobody probes
    server = spawn(process.execPath, [script, 'serve', lab.cert, lab.key], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (server.stdout === null) throw new Error('the server has no output');
    [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  });
  afterAll(() => {
    server?.kill();
    lab?.close();
  });

  /** What is captured of connections with these requests, one list for each connection. */
  async function capture(plan: readonly (readonly (readonly [path: string, bytes: number])[])[]) {
    const sink = new CollectingSink();
    const seen = await observe(lab, {}, sink);
    const ended = await lab.run(lab.node, [script, 'call', port, lab.ca, JSON.stringify(plan)]).finally(seen.stop);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    const captured: readonly Captured[] = connectionsOf(sink);
    return { captured, seen };
  }

  it('to a host that nobody knows is whole from the first byte, where the first request is a model call of any size', async () => {
    const sizes = [100, 5000, 100_000, 3 * MIB];
    const { captured } = await capture(
      sizes.map(
        (size) =>
          [
            ['/v1/chat/completions', size],
            ['/v1/files', 1000],
          ] as const,
      ),
    );
    expect(captured.map(({ isWhole, cut }) => [isWhole, cut])).toEqual(sizes.map(() => [true, 0]));
    for (const [peer, bytes] of captured.flatMap(
      (one) =>
        [
          ['client', one.sent],
          ['server', one.received],
        ] as const,
    ))
      expect(sizes.map((size) => [size, 1000])).toContainEqual(bodies(peer, bytes));
    expect(captured.map(({ sent }) => bodies('client', sent)[0])).toEqual(sizes);
  });

  it('stays in the kernel where the first request is for something else, and so does what follows on that connection', async () => {
    const { captured, seen } = await capture([
      [
        ['/upload', 100_000],
        ['/v1/chat/completions', 200_000],
      ],
      [['/v1/chat/completions', 100]],
    ]);
    expect(captured.map(({ sent }) => bodies('client', sent))).toEqual([[100]]);
    expect(seen.count('keptBytes')).toBeGreaterThan(400_000);
    expect(seen.count('ai', 'oisp_ebpf_connections')).toBe(1);
  });
});
