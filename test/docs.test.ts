import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../cli/program.ts';
import { loadRegistry } from '../cli/registry.ts';
import { checkEvent, formatProblem, loadService } from '../core/index.ts';
import { METRICS } from '../core/telemetry/metrics.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'oisp-docs-'));
const home = process.cwd();
// relative paths in the examples are those of a user's folder
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.tmp', 'run']);

function files(ending: string, from = root): string[] {
  return readdirSync(from, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : files(ending, join(from, entry.name));
    return entry.name.endsWith(ending) ? [join(from, entry.name)] : [];
  });
}

interface Block {
  readonly language: string;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

interface Page {
  readonly name: string;
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Without fenced and indented code. */
  readonly prose: string;
}

function pageOf(path: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [i, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (open && line.startsWith('```')) {
      blocks.push({ language: open.language, text: `${open.lines.join('\n')}\n`, line: open.line });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (fence) open = { language: fence[1] ?? '', line: i + 1, lines: [] };
    else if (!line.startsWith('    ')) prose.push(line);
  }
  if (open) throw new Error(`${path}:${open.line}: the block is not closed`);
  return { name: relative(root, path), path, blocks, prose: prose.join('\n') };
}

const pages = files('.md')
  .filter((path) => !path.includes('test/agent/project/'))
  .map(pageOf);

function page(name: string): Page {
  const found = pages.find((one) => one.name === name);
  if (!found) throw new Error(`${name} is missing`);
  return found;
}

// ---------------------------------------------------------------- configs
const SECTIONS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions', 'service'];
/** Under every example without a pipeline of its own. */
const BASE = `
receivers: { jsonl/base: { include: ["*.jsonl"] } }
processors: { redact/base: , correlate/base: }
exporters: { debug/base: }
service:
  pipelines:
    traces/base: { receivers: [jsonl/base], processors: [redact/base, correlate/base], exporters: [debug/base] }
`;

/** Examples whose keys are all sections of a config. docs/config.md is laid upon itself by a test of its own. */
const examples = pages
  .filter(({ name }) => name !== 'docs/config.md')
  .flatMap(({ name, blocks }) =>
    blocks
      .filter(({ language }) => language === 'yaml')
      .map(({ text, line }) => ({ where: `${name}:${line}`, text, value: parse(text) as unknown })),
  )
  .filter(
    ({ value }) => typeof value === 'object' && value !== null && Object.keys(value).every((k) => SECTIONS.includes(k)),
  );

/** Files that receivers of an example name are there, empty. */
function makeInputs(value: unknown): void {
  const { receivers } = value as { receivers?: Record<string, { path?: unknown; include?: unknown } | null> };
  for (const config of Object.values(receivers ?? {})) {
    const { path, include } = config ?? {};
    for (const name of [path, ...(Array.isArray(include) ? (include as unknown[]) : [])]) {
      if (typeof name !== 'string' || /[*?$[{]/.test(name) || name.startsWith('/')) continue;
      mkdirSync(dirname(name), { recursive: true });
      writeFileSync(name, '', { flag: 'a' });
    }
  }
}

test('there are examples with a pipeline', () => {
  expect(examples.filter(({ text }) => /^service:/m.test(text)).length).toBeGreaterThan(1);
});

describe.each(examples)('the config at $where', ({ text, value }) => {
  test('has neither errors nor warnings', async () => {
    makeInputs(value);
    writeFileSync('dummy.jsonl', '');
    const env: Record<string, string> = {};
    for (const [, name = ''] of text.matchAll(/\$\{(?:env:)?([A-Za-z_]\w*)\}/g))
      env[name] = /_IN$|_PATH$|_FILE$/.test(name) ? 'dummy.jsonl' : 'a dummy value of some length';
    const isWhole = Object.hasOwn(value as object, 'service');
    const { config, problems } = await loadService({
      sources: isWhole ? [`yaml:${text}`] : [`yaml:${BASE}`, `yaml:${text}`],
      sets: [],
      registry: await loadRegistry(),
      env,
      cwd: folder,
      readFile: async (path) => readFileSync(path, 'utf8'),
    });
    expect(problems.map(formatProblem)).toEqual([]);
    expect(config).toBeDefined();
  });
});

// ---------------------------------------------------------------- links
/** The name that a heading gets on the usual forges. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

const links = pages.flatMap(({ name, path, prose }) =>
  [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map((match) => ({ from: name, path, to: match[1] ?? '' }))
    .filter(({ to }) => !/^[a-z]+:/.test(to)),
);

test('every relative link points at a file, and its fragment at a heading', () => {
  expect(links.length).toBeGreaterThan(10);
  const broken = links.filter(({ path, to }) => {
    const [file = '', fragment] = to.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(target)) return true;
    if (fragment === undefined) return false;
    const headings = [...pageOf(target).prose.matchAll(/^#+ (.+)$/gm)].map((match) => slugOf(match[1] ?? ''));
    return !headings.includes(fragment);
  });
  expect(broken.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

// ---------------------------------------------------------------- commands
const scripts = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts;

test('the first two shell blocks of the README are one line each: the demo and the tests', () => {
  const shell = page('README.md').blocks.filter(({ language }) =>
    ['sh', 'bash', 'shell', 'console'].includes(language),
  );
  expect(shell[0]?.text).toBe('npm ci && npm run build && node dist/cli/main.js demo\n');
  expect(shell[1]?.text).toBe('npm ci && npm test\n');
});

test('every script that a page names is in package.json', () => {
  const named = pages.flatMap(({ path, name }) =>
    [...readFileSync(path, 'utf8').matchAll(/npm run ([a-z][\w:-]*)/g)].map((match) => ({
      name,
      script: match[1] ?? '',
    })),
  );
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([]);
});

test('the README names every command and every component, with its README', async () => {
  const { prose } = page('README.md');
  const commands = COMMANDS.map(({ name }) => name).filter((name) => name !== '');
  expect(commands.filter((name) => !prose.includes(`oisp-collector ${name}`))).toEqual([]);
  const registry = await loadRegistry();
  const components = Object.entries(registry).flatMap(
    ([kind, definitions]: [string, readonly { readonly type: string }[]]) =>
      definitions.map(({ type }) => `${kind}/${type}/README.md`),
  );
  expect(components.filter((path) => !prose.includes(`](${path})`))).toEqual([]);
});

test('the tree in the README is one that the demo prints', () => {
  const tsx = join(root, 'node_modules/.bin/tsx');
  const words = [join(root, 'cli/main.ts'), 'demo', '--output', join(folder, 'spans.jsonl')];
  const { stdout } = spawnSync(tsx, words, { encoding: 'utf8' });
  const shown = page('README.md').blocks.find(({ text }) => text.startsWith('invoke_agent'));
  expect(stdout.split('\n\n').map(namesIn)).toContainEqual(namesIn(shown?.text ?? ''));
});

/** The names of a printed tree, with what places them; times, tokens and ids differ from recording to recording. */
function namesIn(tree: string): string[] {
  const lines = tree.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => line.split(/ {2,}(?=\d|✗)/)[0] ?? '');
}

// ---------------------------------------------------------------- metrics
/** Names that look like a metric: a field of events, and the counter of the example in CONTRIBUTING.md. */
const NO_METRICS = new Set(['oisp_version', 'oisp_drop_types_events']);

test('every metric that a page names is one that the program has', () => {
  const names = METRICS.map(({ name }) => name);
  const unknown = pages.flatMap(({ name: from, path }) =>
    [...readFileSync(path, 'utf8').matchAll(/\b(?:oisp|otelcol)_[a-z0-9_]+/g)]
      .map(([word]) => word)
      .filter(
        (word) =>
          !NO_METRICS.has(word) &&
          !names.some((name) => name === word || (word.endsWith('_') && name.startsWith(word))),
      )
      .map((word) => `${from}: ${word}`),
  );
  expect(unknown).toEqual([]);
});

// ---------------------------------------------------------------- attributes
test('our own attributes are those that correlate writes, and its README has all of them', () => {
  const code = SOURCES.flatMap((name) => files('.ts', join(root, name))).map((path) => readFileSync(path, 'utf8'));
  const named = pages.flatMap(({ name: from, path }) =>
    [...readFileSync(path, 'utf8').matchAll(/`(oisp\.[a-z_]+(?:\.[a-z_]+)*)(?=[`=])/g)].map((match) => ({
      from,
      key: match[1] ?? '',
    })),
  );
  expect(named.filter(({ key }) => !code.some((text) => text.includes(`'${key}'`)))).toEqual([]);
  const folder = join(root, 'processors/correlate/spans');
  const spans = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const written = [...spans.matchAll(/'(oisp\.[a-z_.]+)'/g)].map((match) => match[1] ?? '');
  const described = new Set(
    named.filter(({ from }) => from === 'processors/correlate/README.md').map(({ key }) => key),
  );
  expect(written.length).toBeGreaterThan(20);
  expect(written.filter((key) => !described.has(key))).toEqual([]);
});

// ---------------------------------------------------------------- error codes
const SOURCES = ['core', 'cli', 'receivers', 'processors', 'exporters', 'connectors', 'extensions'];

/** Codes in the sources: what stands behind `code:`, and every literal that begins with the area of one of these. */
function codesInSources(): Set<string> {
  const texts = SOURCES.flatMap((name) => files('.ts', join(root, name))).map((path) => readFileSync(path, 'utf8'));
  const codes = new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/\bcode(?::|\s*\?\?) '([A-Z]+_[A-Z_]+)'/g)].map((match) => match[1] ?? ''),
    ),
  );
  const areas = [...new Set([...codes].map((code) => code.split('_')[0]))].join('|');
  const literal = new RegExp(`['"\`]((?:${areas})_[A-Z_]+)\\b`, 'g');
  for (const text of texts) for (const match of text.matchAll(literal)) codes.add(match[1] ?? '');
  return codes;
}

test('docs/errors.md has an entry for every error code in the code, and for no other', () => {
  const described = [...page('docs/errors.md').prose.matchAll(/^### ([A-Z_]+)$/gm)].map((match) => match[1] ?? '');
  const codes = codesInSources();
  expect(codes).toContain('PIPE_PERMANENT');
  expect(new Set(described)).toEqual(codes);
});

// ---------------------------------------------------------------- examples that run
test('the lines of docs/capture-records.md are events', () => {
  const lines = page('docs/capture-records.md')
    .blocks.filter(({ language }) => language === 'jsonl')
    .flatMap(({ text }) => text.trim().split('\n'));
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(checkEvent(JSON.parse(line))).toHaveProperty('event');
});

test('the first component of CONTRIBUTING.md compiles, and its test passes', () => {
  const project = join(folder, 'project');
  const [component, itsTest] = page('CONTRIBUTING.md').blocks.filter(({ language }) => language === 'ts');
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  };
  write('processors/drop_types/index.ts', component?.text ?? '');
  write('test/processors/drop_types/index.test.ts', itsTest?.text ?? '');
  write('package.json', '{"type":"module"}');
  write('tsconfig.json', JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['processors', 'test'] }));
  for (const name of ['core', 'node_modules']) symlinkSync(join(root, name), join(project, name));
  const run = (...words: string[]): string => {
    const bin = join(root, 'node_modules/.bin', words[0] ?? '');
    const { status, stdout, stderr } = spawnSync(bin, words.slice(1), { cwd: project, encoding: 'utf8' });
    return status === 0 ? 'ok' : `${words.join(' ')} ended with ${status}\n${stdout}${stderr}`;
  };
  expect(run('tsc', '-p', 'tsconfig.json')).toBe('ok');
  expect(run('vitest', 'run', '--root', project)).toBe('ok');
});
