// Run by file.test.ts under `ulimit -f 1` (1,024 bytes): the second write reaches the disk only in part.
import { LineFile } from '../../../exporters/jsonl/file.ts';

process.on('SIGXFSZ', () => undefined); // the write then fails with EFBIG instead
const file = new LineFile({
  path: process.argv[2] ?? '',
  append: true,
  createDirectory: false,
  now: () => 0,
  rotation: { maxBytes: 0, maxDays: 0, maxBackups: 0, localTime: false, daily: false },
});
const block = (text: string, log: string) => ({ bytes: Buffer.from(`${text}\n`), written: () => console.log(log) });
await file.open();
await file.write([block('a'.repeat(800), 'first')]);
const blocks = [block('b'.repeat(800), 'second')];
await file.write(blocks).catch((error: Error) => console.log(error.name, blocks.length));
await file.write([block('c'.repeat(100), 'third')]);
await file.close();
