import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Captured, Note } from './lab.ts';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What was captured as a client would have noted it. */
const noteOf = ({ local, remote, sent, received }: Captured): Omit<Note, 'name'> => ({
  local: local ?? 0,
  remote: remote ?? 0,
  sent: hash(sent),
  received: hash(received),
  sentBytes: sent.length,
  receivedBytes: received.length,
});

/** A port of this side may serve several connections, to different servers or one after the other. */
const inOrder = (a: Omit<Note, 'name'>, b: Omit<Note, 'name'>): number =>
  a.local - b.local || a.remote - b.remote || (a.sent < b.sent ? -1 : 1);

/** Every connection, whole, with the bytes that the client had and the port that it talked to. */
export function expectAll(notes: readonly Note[], captured: readonly Captured[]): void {
  expect(captured.filter((one) => !one.isWhole || one.cut > 0)).toEqual([]);
  const wanted = notes.map(({ name: _, ...note }) => note);
  expect(captured.map(noteOf).sort(inOrder)).toEqual(wanted.sort(inOrder));
}
