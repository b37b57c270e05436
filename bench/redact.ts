/**
 * The redaction engine against its own rules run one after another over every text, in one process, alternately:
 * `npx tsx bench/redact.ts [seconds]`. Fails when findings differ, when it is less than 5 times as fast, or when a hostile text takes more than
 * linear time.
 */
import { performance } from 'node:perf_hooks';
import { Engine, merge } from '../processors/redact/engine/engine.ts';
import { type Finding, isBoundary, type Rule } from '../processors/redact/engine/rule.ts';
import { coreRules } from '../processors/redact/rules/index.ts';

const SECONDS = Number(process.argv[2] ?? 2);
const rules = coreRules({ pii: true });
const engine = new Engine({ rules });

/** What most redactors do: each rule looks at the whole text. The same boundary and last look; of two findings that overlap the earlier rule's stays. */
function inTurn(text: string): Finding[] {
  const found: Finding[] = [];
  for (const { rule, anywhere } of turn) {
    anywhere.lastIndex = 0;
    for (let match = anywhere.exec(text); match !== null; match = anywhere.exec(text)) {
      const start = match.index + (match[1]?.length ?? 0);
      const end = match.index + match[0].length;
      if (match[0].length === 0) anywhere.lastIndex++;
      if (
        rule.begin !== undefined
          ? !isBegin(rule, text, match.index, end)
          : rule.left !== undefined && !isBoundary(text, match.index, rule.left)
      ) {
        anywhere.lastIndex = match.index + 1;
        continue;
      }
      if (rule.verify !== undefined && !rule.verify(text.slice(start, end), text, start, end)) {
        anywhere.lastIndex = match.index + 1;
        continue;
      }
      if (!found.some((f) => f.start < end && match.index < f.end)) found.push({ start, end, rule });
    }
  }
  return merge(found);
}

function isBegin(rule: Rule, text: string, from: number, end: number): boolean {
  for (const anchor of rule.anchors) {
    const at = anchor === '0000' ? from : text.indexOf(anchor, from);
    if (at >= from && at < end && rule.begin?.(text, at, 0) === from) return true;
  }
  return false;
}

const turn = rules.map((rule) => ({
  rule,
  anywhere: new RegExp(rule.pattern.source, rule.pattern.flags.replace('y', 'g')),
}));

/** Texts as agents send them: prose, code, listings, JSON, logs; a secret in some. Made from a seed, so that every run has the same. */
function corpus(): string[] {
  let seed = 12345;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  const words =
    'the function returns a list of files and when it fails we should retry with another path because the token of the parser is not what this task expects while reading import const value error class user message request response'.split(
      ' ',
    );
  const hex = (n: number): string => Array.from({ length: n }, () => '0123456789abcdef'[random(16)]).join('');
  const lines = [
    () => Array.from({ length: 12 }, () => words[random(words.length)]).join(' '),
    () =>
      `  const ${words[random(words.length)]} = await this.#${words[random(words.length)]}(${random(99)}, { limit: ${random(9999)} });`,
    () =>
      `-rw-r--r-- 1 root root ${random(99999)} Nov 2${random(9)} 10:${random(6)}0 src/${words[random(words.length)]}/${hex(8)}.ts`,
    () =>
      `{"id":"${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}","name":"${words[random(words.length)]}","size":${random(9999)}}`,
    () =>
      `2026-11-20T10:${random(6)}0:00.123Z INFO ${words[random(words.length)]} commit ${hex(40)} took ${random(999)} ms`,
    () =>
      `    "node_modules/${words[random(words.length)]}": { "version": "${random(9)}.${random(20)}.${random(9)}", "integrity": "sha512-${hex(86)}==" },`,
    () => `see https://example.com/${words[random(words.length)]}/${random(999)}?page=${random(9)} for @types/node@20`,
  ];
  const secrets = [
    () => `OPENAI_API_KEY=sk-proj-${hex(20)}_${hex(24)}`,
    () => `token ghp_${hex(36)}`,
    () => `postgres://app:${hex(12)}@db.internal:5432/main`,
    () => `contact ${words[random(words.length)]}.${random(99)}@example.com`,
    () => `Authorization: Bearer ${hex(40)}`,
  ];
  return Array.from({ length: 1500 }, () => {
    const text = Array.from({ length: 5 + random(60) }, () => lines[random(lines.length)]?.() ?? '');
    if (random(20) === 0) text.splice(random(text.length), 0, secrets[random(secrets.length)]?.() ?? '');
    return text.join('\n');
  });
}

function spans(found: readonly Finding[]): string {
  return found.map((f) => `${f.start}-${f.end} ${f.rule.type}`).join(', ');
}

function rate(find: (text: string) => readonly Finding[], texts: readonly string[], seconds: number): number {
  const chars = texts.reduce((n, t) => n + t.length, 0);
  const from = process.cpuUsage();
  const until = performance.now() + seconds * 1000;
  let done = 0;
  do {
    for (const text of texts) find(text);
    done += chars;
  } while (performance.now() < until);
  const { user, system } = process.cpuUsage(from);
  return done / (user + system);
}

const texts = corpus();
let differences = 0;
let findings = 0;
for (const text of texts) {
  const [one, other] = [engine.find(text), inTurn(text)];
  findings += one.length;
  if (spans(one) === spans(other)) continue;
  if (differences++ === 0) console.log(`engine ${spans(one)}\nin turn ${spans(other)}`);
}
const mb = texts.reduce((n, t) => n + t.length, 0) / 1e6;
console.log(
  `${rules.length} rules, ${texts.length} texts, ${mb.toFixed(1)} MB, ${findings} findings, ${differences} texts with other findings`,
);

const rates = { engine: [] as number[], inTurn: [] as number[] };
for (let round = 0; round < 3; round++) {
  rates.engine.push(rate((t) => engine.find(t), texts, SECONDS / 3));
  rates.inTurn.push(rate(inTurn, texts, SECONDS / 3));
}
const median = (all: number[]): number => all.sort((a, b) => a - b)[1] ?? 0;
const ratio = median(rates.engine) / median(rates.inTurn);
console.log(
  `engine ${median(rates.engine).toFixed(0)} MB/cpu-s, in turn ${median(rates.inTurn).toFixed(1)} MB/cpu-s, ratio ${ratio.toFixed(1)}`,
);

/** Texts that make careless patterns quadratic. */
const HOSTILE: Readonly<Record<string, (n: number) => string>> = {
  hex: (n) => '0123456789abcdef'.repeat(n / 16),
  base64url: (n) => 'eyJhbGciOiJIUzI1NiJ9_-AbCd'.repeat(n / 26),
  dotted: (n) => 'eyJhbGciOi.'.repeat(n / 11),
  digits: (n) => '4111 1111 '.repeat(n / 10),
  'digits only': (n) => '4'.repeat(n),
  at: (n) => 'a.b@c.'.repeat(n / 6),
  keys: (n) => 'sk-ant-'.repeat(n / 7),
  'escaped keys': (n) => '\\nsk-'.repeat(n / 5),
  assignments: (n) => 'password=token:secret='.repeat(n / 22),
  quotes: (n) => '"token":"'.repeat(n / 9),
  'open quote': (n) => `"secret":"${'a b '.repeat(n / 4)}`,
  'pem heads': (n) => '-----BEGIN PRIVATE KEY-----\nabc def, '.repeat(n / 37),
  urls: (n) => 'https://user:'.repeat(n / 13),
  spaces: (n) => `mysql ${' '.repeat(n)}-`,
  'mysql words': (n) => 'mysql a -x '.repeat(n / 11),
  cookies: (n) => 'cookie: a'.repeat(n / 9),
  flags: (n) => ' -p xyz'.repeat(n / 7),
  'many flags': (n) => ' -u a:b -p c -w d -a e -k f'.repeat(n / 27),
  programs: (n) => 'docker mongo -p '.repeat(n / 16),
  'htpasswd flags': (n) => 'htpasswd -b -a '.repeat(n / 15),
  'htpasswd dashes': (n) => `htpasswd${' -a'.repeat(n / 3)}`,
  'net use': (n) => 'net use a b c '.repeat(n / 14),
  forms: (n) => 'a=b&pass='.repeat(n / 9),
  'vault flags': (n) => 'vault login -a -b '.repeat(n / 18),
};
let slow = 0;
for (const [name, make] of Object.entries(HOSTILE)) {
  const time = (n: number): number => {
    const text = make(n);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const from = performance.now();
      engine.find(text);
      best = Math.min(best, performance.now() - from);
    }
    return best;
  };
  const [small, large] = [time(50_000), time(200_000)];
  const isSlow = large > 50 && large / small > 8;
  if (isSlow) slow++;
  console.log(
    `${name.padEnd(14)} 50 KB ${small.toFixed(2)} ms, 200 KB ${large.toFixed(2)} ms${isSlow ? '  NOT LINEAR' : ''}`,
  );
}
if (differences > 0 || ratio < 5 || slow > 0) {
  console.error('The bar is not reached.');
  process.exitCode = 1;
}
