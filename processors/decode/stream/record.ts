import type { OispEvent } from '../../../core/index.ts';

/** What a record that waits takes besides its bytes. */
const RECORD = 64;

/** Name of the host that a record comes from. */
export function hostOf({ host }: OispEvent): string {
  return host?.device_id ?? host?.hostname ?? '';
}

/** Name of a connection among those of all hosts, boots and processes. */
export function keyOf(event: OispEvent, host: string, conn: string): string {
  return `${host}\0${event.host?.boot_id ?? ''}\0${event.process?.pid ?? ''}\0${conn}`;
}

/** The bytes of a record, without a copy where they are bytes. */
export function bytesOf(bytes: Uint8Array | undefined, b64: string | undefined): Buffer {
  if (bytes instanceof Buffer) return bytes;
  if (bytes !== undefined) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Buffer.from(b64 ?? '', 'base64');
}

/** Bytes that a record takes. */
export function weightOf(bytes: Buffer | undefined): number {
  return (bytes?.length ?? 0) + RECORD;
}

const LOSSES = new Set(['ring_full', 'map_full', 'fault', 'queue_full', 'cut']);

/** Why a source lost records, as a label of a counter. */
export function lossLabel(reason: string): string {
  return LOSSES.has(reason) ? reason : 'other';
}
