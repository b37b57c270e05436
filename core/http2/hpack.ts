import { huffmanDecode, latin1 } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** A header field, in Latin-1. The name is as it came: in lower case where the sender keeps to RFC 9113 8.2. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** What a header block says. */
export interface HeaderBlock {
  /** In order, without those that are not known. */
  readonly fields: readonly HeaderField[];
  /** Fields that refer to table entries which were not seen. */
  readonly unresolved: number;
  /** `truncated`: the list is larger than the bound and goes on. `damaged`: the block cannot be read to its end. */
  readonly fault: 'truncated' | 'damaged' | undefined;
}

/** An entry of the dynamic table. Its name is unknown where it was inserted by a reference to an entry that is. */
interface Entry {
  readonly name: string | undefined;
  readonly value: string;
}

const DEFAULT_TABLE = 4096;
/** Bytes of a table that are kept at most, whatever the peers agreed on, and where their agreement was not seen. */
const MAX_TABLE = 256 * 1024;
/** Size of a header list as RFC 9113 6.5.2 counts it. */
const MAX_LIST = 256 * 1024;
const OVERHEAD = 32;
const MAX_INTEGER = 2 ** 28;
const GONE: Entry = { name: undefined, value: '' };
const EMPTY = Buffer.alloc(0);

/**
 * Decodes the header blocks of one direction (RFC 7541), in their order. Never throws.
 *
 * A passive reader may have missed blocks. An index into the dynamic table counts back from the newest entry, and entries leave from the
 * oldest on: so an index is known exactly when as many inserts were seen since the last block that was missed, however large the table is and
 * whatever it held before. Those that reach further back stay unresolved. After a miss the size of the table is not known before the
 * next size update: more may be kept then than the encoder keeps, which no valid index reaches. Since an encoder has to announce every change
 * of the size in a block (4.2), SETTINGS_HEADER_TABLE_SIZE need not be seen.
 */
export class HpackDecoder {
  /** Oldest first; those before `#start` are gone. */
  #entries: Entry[] = [];
  #start = 0;
  #used = 0;
  /** Undefined after a miss: the encoder's is not known. */
  #capacity: number | undefined = DEFAULT_TABLE;

  // of the block that is being read
  #bytes: Buffer = EMPTY;
  #at = 0;
  #bad = false;

  /** Bytes held, roughly. */
  get size(): number {
    return this.#used;
  }

  /** Blocks were missed: nothing of the table is known any more. */
  forget(): void {
    this.#clear();
    this.#capacity = undefined;
  }

  /** Reads a whole block. After a damaged one the table is forgotten. */
  decode(block: Buffer): HeaderBlock {
    this.#bytes = block;
    this.#at = 0;
    this.#bad = false;
    const fields: HeaderField[] = [];
    let unresolved = 0;
    let listed = 0;
    let truncated = false;
    while (this.#at < block.length && !this.#bad) {
      const first = block[this.#at] as number;
      let field: Entry | undefined;
      if (first >= 0x80) {
        const index = this.#integer(0x7f);
        if (index === 0) this.#bad = true;
        if (this.#bad) break;
        field = this.#entry(index);
      } else if (first >= 0x40) {
        field = this.#literal(0x3f);
        if (field !== undefined) this.#insert(field);
      } else if (first >= 0x20) {
        this.#resize(this.#integer(0x1f));
        continue;
      } else field = this.#literal(0x0f);
      if (this.#bad) break;
      listed += field === undefined ? OVERHEAD : OVERHEAD + (field.name?.length ?? 0) + field.value.length;
      if (listed > MAX_LIST)
        truncated = true; // what follows still changes the table
      else if (field?.name === undefined) unresolved++;
      else fields.push(field as HeaderField);
    }
    const damaged = this.#bad;
    this.#bytes = EMPTY;
    if (damaged) this.forget();
    return { fields, unresolved, fault: damaged ? 'damaged' : truncated ? 'truncated' : undefined };
  }

  /** The entry of an index above zero; undefined when it was not seen. */
  #entry(index: number): Entry | undefined {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1];
    const at = this.#entries.length - (index - STATIC_TABLE.length);
    return at >= this.#start ? this.#entries[at] : undefined;
  }

  #literal(prefix: number): Entry | undefined {
    const index = this.#integer(prefix);
    if (this.#bad) return undefined;
    const name = index === 0 ? this.#string() : this.#entry(index)?.name;
    const value = this.#string();
    return value === undefined ? undefined : { name, value };
  }

  #insert(entry: Entry): void {
    const size = OVERHEAD + (entry.name?.length ?? 0) + entry.value.length;
    const capacity = this.#capacity ?? MAX_TABLE;
    this.#evict(capacity - size);
    if (size > capacity) return;
    this.#entries.push(entry);
    this.#used += size;
  }

  #resize(size: number): void {
    if (this.#bad) return;
    this.#capacity = Math.min(size, MAX_TABLE);
    this.#evict(this.#capacity);
  }

  #evict(most: number): void {
    while (this.#used > most && this.#start < this.#entries.length) {
      const oldest = this.#entries[this.#start] as Entry;
      this.#entries[this.#start++] = GONE;
      this.#used -= OVERHEAD + (oldest.name?.length ?? 0) + oldest.value.length;
    }
    if (this.#start === this.#entries.length) this.#clear();
    else if (this.#start > 64 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  #clear(): void {
    if (this.#entries.length > 0) this.#entries = [];
    this.#start = 0;
    this.#used = 0;
  }

  /** An integer (5.1) whose first byte has `prefix` bits of it. */
  #integer(prefix: number): number {
    const bytes = this.#bytes;
    let value = (bytes[this.#at++] ?? 0) & prefix;
    if (value < prefix) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > MAX_INTEGER) break;
        return value;
      }
    }
    this.#bad = true;
    return 0;
  }

  /** A string (5.2); undefined when the block is no good. */
  #string(): string | undefined {
    const bytes = this.#bytes;
    if (this.#bad || this.#at >= bytes.length) {
      this.#bad = true;
      return undefined;
    }
    const isHuffman = (bytes[this.#at] as number) >= 0x80;
    const length = this.#integer(0x7f);
    const from = this.#at;
    const to = from + length;
    if (this.#bad || to > bytes.length) {
      this.#bad = true;
      return undefined;
    }
    this.#at = to;
    const text = isHuffman ? huffmanDecode(bytes, from, to) : latin1(bytes, from, to);
    if (text === undefined) this.#bad = true;
    return text;
  }
}
