/** A call out of a BPF program: a helper by its number (`enum bpf_func_id`), or a function of the kernel by its name. */
export type Call = { readonly section: string } & ({ readonly helper: number } | { readonly kernel: string });

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly at: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

const SHT_SYMTAB = 2;
const SHT_RELA = 4;
const SHT_REL = 9;
const SHF_EXECINSTR = 4;
const INSTRUCTION = 8;
/** BPF_JMP | BPF_CALL; BPF_JMP32 has no call. */
const CALL = 0x85;
/** BPF_JMP | BPF_CALL | BPF_X: a call through a register, which no verifier lets pass. */
const CALL_REGISTER = 0x8d;
/** BPF_LD | BPF_IMM | BPF_DW: takes two slots. */
const LOAD_64 = 0x18;
const TO_HELPER = 0;
const TO_PROGRAM = 1;
const TO_KERNEL = 2;

/**
 * Every call in the programs of a BPF object that leaves them (ELF64, little endian; instruction-set.rst of the kernel). A call of a function
 * of the kernel is one to a program as the compiler writes it, with a relocation against a symbol that the object does not define. Throws at
 * what it cannot read.
 */
export function callsOf(object: Buffer): Call[] {
  const sections = sectionsOf(object);
  const undefinedAt = new Map<string, string>();
  sections.forEach((section) => {
    if (section.type !== SHT_REL && section.type !== SHT_RELA) return;
    const symbols = sections[section.link];
    const strings = sections[symbols?.link ?? -1];
    if (symbols?.type !== SHT_SYMTAB || strings === undefined) throw new Error(`${section.name}: no symbols`);
    const size = section.type === SHT_REL ? 16 : 24;
    for (let at = section.at; at < section.at + section.size; at += size) {
      const symbol = symbols.at + object.readUInt32LE(at + 12) * 24;
      if (object.readUInt16LE(symbol + 6) !== 0) continue;
      const name = textAt(object, strings.at + object.readUInt32LE(symbol));
      undefinedAt.set(`${section.info} ${object.readBigUInt64LE(at)}`, name);
    }
  });
  return sections.flatMap((section, index) => {
    if ((section.flags & SHF_EXECINSTR) === 0) return [];
    if (section.size % INSTRUCTION !== 0) throw new Error(`${section.name}: half an instruction`);
    const calls: Call[] = [];
    for (let offset = 0; offset < section.size; offset += INSTRUCTION) {
      const at = section.at + offset;
      const code = object[at];
      if (code === LOAD_64) offset += INSTRUCTION;
      if (code === CALL_REGISTER) throw new Error(`${section.name}: a call through a register`);
      if (code !== CALL) continue;
      const how = (object[at + 1] ?? 0) >> 4;
      const unknown = undefinedAt.get(`${index} ${offset}`);
      const number = object.readInt32LE(at + 4);
      if (how === TO_HELPER) calls.push({ section: section.name, helper: number });
      else if (how === TO_KERNEL || unknown !== undefined)
        calls.push({ section: section.name, kernel: unknown ?? `of type ${number}` });
      else if (how !== TO_PROGRAM) throw new Error(`${section.name}: a call of kind ${how}`);
    }
    return calls;
  });
}

function sectionsOf(object: Buffer): Section[] {
  if (object.readUInt32BE(0) !== 0x7f454c46 || object[4] !== 2 || object[5] !== 1)
    throw new Error('no ELF64 of little endian');
  const table = Number(object.readBigUInt64LE(0x28));
  const size = object.readUInt16LE(0x3a);
  const count = object.readUInt16LE(0x3c);
  const names = table + object.readUInt16LE(0x3e) * size;
  const nameAt = Number(object.readBigUInt64LE(names + 0x18));
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * size;
    return {
      name: textAt(object, nameAt + object.readUInt32LE(at)),
      type: object.readUInt32LE(at + 4),
      flags: Number(object.readBigUInt64LE(at + 8)),
      at: Number(object.readBigUInt64LE(at + 0x18)),
      size: Number(object.readBigUInt64LE(at + 0x20)),
      link: object.readUInt32LE(at + 0x28),
      info: object.readUInt32LE(at + 0x2c),
    };
  });
}

function textAt(object: Buffer, at: number): string {
  return object.toString('latin1', at, object.indexOf(0, at));
}
