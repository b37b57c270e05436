import { expect, it } from 'vitest';
import { ProtoWriter } from '../../../core/otel/writer.ts';

it('writes every key whole where the buffer has to grow in the midst of it', () => {
  for (let fill = 65_000; fill <= 65_600; fill++) {
    const writer = new ProtoWriter();
    writer.raw(new Uint8Array(fill));
    writer.keyString(0x4a, 'gen_ai.operation.name', 'chat');
    const text = writer.take().subarray(fill).toString('latin1');
    expect(text).toContain('gen_ai.operation.name');
    expect(text).toContain('chat');
  }
});
