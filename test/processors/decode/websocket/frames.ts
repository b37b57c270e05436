/** Writes one frame (RFC 6455 5.2): with a key it is masked. */
export function frame(
  payload: Buffer | string,
  how: { readonly opcode?: number; readonly fin?: boolean; readonly key?: number; readonly reserved?: number } = {},
): Buffer {
  const body = Buffer.from(payload);
  const first = (how.fin === false ? 0 : 0x80) | (how.reserved ?? 0) | (how.opcode ?? 1);
  const mask = how.key === undefined ? 0 : 0x80;
  let head: Buffer;
  if (body.length < 126) head = Buffer.from([first, mask | body.length]);
  else if (body.length < 65_536) head = Buffer.from([first, mask | 126, body.length >> 8, body.length & 255]);
  else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = mask | 127;
    head.writeUInt32BE(body.length, 6);
  }
  if (how.key === undefined) return Buffer.concat([head, body]);
  const key = Buffer.alloc(4);
  key.writeUInt32BE(how.key);
  return Buffer.concat([head, key, body.map((byte, i) => byte ^ (key[i & 3] ?? 0))]);
}
