/**
 * Writes receivers/ebpf/kernel/layout.gen.ts from the BTF of bpf/records.h: offsets and sizes of the records and map values that user space reads and
 * writes, and the numbers of the enums. Needs clang and bpftool. Usage: npx tsx scripts/gen-layout.ts [--check]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repo = fileURLToPath(new URL('..', import.meta.url));
const target = join(repo, 'receivers/ebpf/kernel/layout.gen.ts');
const header = readFileSync(join(repo, 'bpf/records.h'), 'utf8');

interface Member {
  readonly name: string;
  readonly type_id: number;
  readonly bits_offset: number;
}
interface BtfType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly members?: readonly Member[];
  readonly values?: readonly { readonly name: string; readonly val: number }[];
}

if (process.argv.includes('--check') && !has('clang', 'bpftool')) {
  console.log(
    'skipped, the layout of the records is not compared: clang or bpftool is not there (scripts/build-native.sh --install)',
  );
  process.exit(0);
}
const { types } = btf();

function has(...tools: readonly string[]): boolean {
  return tools.every((tool) => {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** The types of the header, through an object that has one variable of each structure. */
function btf(): { readonly types: readonly BtfType[] } {
  const dir = mkdtempSync(join(tmpdir(), 'oisp-layout-'));
  try {
    const variables = named('struct').map((name) => `struct ${name} one_${name};`);
    writeFileSync(join(dir, 'layout.c'), `#include <linux/types.h>\n#include "records.h"\n${variables.join('\n')}\n`);
    const multiarch = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
    const include = ['-I', join(repo, 'bpf'), '-I', `/usr/include/${multiarch}`];
    const flags = ['-O2', '-g', '-Wpadded', '-Werror', '-target', 'bpf', '-D__TARGET_ARCH_x86'];
    execFileSync('clang', [...flags, ...include, '-c', 'layout.c', '-o', 'layout.o'], { cwd: dir });
    const dumped = execFileSync('bpftool', ['btf', 'dump', 'file', join(dir, 'layout.o'), '-j'], { encoding: 'utf8' });
    return JSON.parse(dumped) as { types: readonly BtfType[] }; // the form of bpftool's own output
  } finally {
    rmSync(dir, { recursive: true });
  }
}
const byId = new Map(types.map((type) => [type.id, type]));

/** Names that the header defines: kernel structures are in the BTF too. */
function named(word: string): string[] {
  return [...header.matchAll(new RegExp(`^${word} (\\w+) \\{`, 'gm'))].map((m) => m[1] ?? '');
}

/** Fields with the path to them: those of inner structures are told by `outer.inner`. */
function fieldsOf(type: BtfType, base: number, prefix: string): [string, number][] {
  return (type.members ?? []).flatMap((member): [string, number][] => {
    const offset = base + member.bits_offset / 8;
    const inner = byId.get(member.type_id);
    const name = member.name === 'h' ? '' : `${prefix}${member.name}`;
    if (inner?.kind === 'STRUCT') return fieldsOf(inner, offset, name === '' ? '' : `${name}_`);
    return [[name, offset]];
  });
}

const lines = [
  '// Made by scripts/gen-layout.ts from the BTF of bpf/sensor.bpf.c. Do not edit.',
  '',
  '/** Byte offsets of fields; `SIZE` is that of the whole. */',
];
for (const name of named('struct')) {
  const type = types.find((t) => t.kind === 'STRUCT' && t.name === name);
  if (type === undefined) throw new Error(`struct ${name} of bpf/records.h is not in the BTF`);
  const fields = fieldsOf(type, 0, '').map(([field, offset]) => `  ${field}: ${offset},`);
  lines.push(`export const ${name.toUpperCase()} = {`, ...fields, `  SIZE: ${type.size ?? 0},`, '} as const;', '');
}
const constants: string[] = [];
for (const match of header.matchAll(/^enum \w+ \{([^}]*)\}/gm)) {
  let next = 0;
  for (const item of (match[1] ?? '').replace(/\/\*[\s\S]*?\*\//g, '').split(',')) {
    const [, name, value] = /(\w+)(?:\s*=\s*(\d+))?/.exec(item) ?? [];
    if (name === undefined) continue;
    next = value === undefined ? next : Number(value);
    constants.push(`export const ${name} = ${next};`);
    next++;
  }
}
const text = `${[...lines, ...constants].join('\n')}\n`;

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('receivers/ebpf/kernel/layout.gen.ts is stale: run npx tsx scripts/gen-layout.ts');
    process.exit(1);
  }
} else writeFileSync(target, text);
