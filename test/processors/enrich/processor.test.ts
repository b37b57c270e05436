import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkEvent, type EventsBatch, type OispEvent, PermanentError, type ProcessInfo } from '../../../core/index.ts';
import {
  CollectingSink,
  configFor,
  eventsBatch,
  makeContext,
  makeEvent,
  makeHost,
  RULES,
  ScriptedSink,
  spansBatch,
} from '../../../core/testing/index.ts';
import { decodeProcessor } from '../../../processors/decode/index.ts';
import { enrichProcessor } from '../../../processors/enrich/index.ts';
import type { Machine } from '../../../processors/enrich/machine.ts';
import { EnrichProcessor } from '../../../processors/enrich/processor.ts';
import { schema } from '../../../processors/enrich/schema.ts';
import { redactProcessor } from '../../../processors/redact/index.ts';
import { recordedLines } from '../../pipeline/lab.ts';
import { hasSpec, specValidator } from '../../pipeline/schema.ts';
import { skipsWithoutData } from '../../require.ts';
import { machineOf } from './machine.ts';

const BOOT = '0b9d1c52-6a3e-4f7b-8c1d-2e5f6a7b8c9d';

async function make(config: object = {}, sink = new CollectingSink(), machine: Machine = machineOf()) {
  const made = makeContext();
  const processor = new EnrichProcessor(made.context, configFor(schema, config), sink, machine);
  await processor.start(makeHost());
  const count = (name: string): number | undefined => made.meter.samples().find((s) => s.name === name)?.value;
  const through = async (events: readonly OispEvent[], live = false): Promise<OispEvent[]> => {
    const before = sink.events.length;
    await processor.consume({ signal: 'events', events, ...(live && { live }) });
    return sink.events.slice(before);
  };
  return { ...made, processor, sink, count, through };
}

let ids = 0;
function event(type: string, process: ProcessInfo, data: object = {}, more: Partial<OispEvent> = {}): OispEvent {
  return makeEvent(ids++, { event_type: type, process, data, ...more });
}
const exec = (pid: number, ppid: number, exe: string, args: readonly string[] = [exe], more: object = {}): OispEvent =>
  event('process.exec', { pid, ppid, exe, ...more }, { exe, args });
const fork = (pid: number, child: number, isThread = false): OispEvent =>
  event('process.fork', { pid }, { child_pid: child, is_thread: isThread });
const exit = (pid: number): OispEvent => event('process.exit', { pid }, { exit_code: 0 });
const read = (pid: number, more: object = {}): OispEvent =>
  event('file.read', { pid, ...more }, { path: '/etc/hosts' });

describe('host', () => {
  test('a live event without a host is of this machine', async () => {
    const { through } = await make();
    const [out] = await through([read(1)], true);
    expect(out?.host).toMatchObject({ hostname: 'quay', os: 'linux', boot_id: BOOT });
  });

  test.each([
    { about: 'a recording', live: false, config: {}, host: undefined },
    { about: 'host: false', live: true, config: { host: false }, host: undefined },
    { about: 'a host in the event', live: true, config: {}, host: { hostname: 'pier' } },
  ])('nothing of this machine comes in: $about', async ({ live, config, host }) => {
    const { through } = await make(config);
    const [out] = await through([makeEvent(1, host && { host })], live);
    expect(out?.host).toEqual(host);
  });

  test('stands on the events that decode makes at the end of a live run', async () => {
    const { processor, sink } = await make();
    const { context } = makeContext();
    const decode = decodeProcessor.create(context, configFor(decodeProcessor.schema), processor);
    const data = (b64: string): OispEvent =>
      event('capture.data', { pid: 7 }, { conn: 'c', dir: 'sent', seq: 0, offset: 0, b64 });
    const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n`;
    const events = [
      event('capture.open', { pid: 7 }, { conn: 'c', protocol: 'tls', sni: 'api.openai.com' }),
      data(Buffer.from(head + body).toString('base64')),
    ];
    await decode.start(makeHost());
    await decode.consume({ signal: 'events', events, live: true });
    expect(sink.events).toEqual([]);
    await decode.shutdown(new AbortController().signal);
    expect(sink.events.map((e) => [e.event_type, e.host?.hostname])).toEqual([
      ['ai.request', 'quay'],
      ['ai.response', 'quay'],
    ]);
  });
});

describe('user', () => {
  test.each([
    { about: 'the uid of the process', process: { uid: 1000, gid: 27 }, want: { uid: 1000, gid: 27, user: 'ada' } },
    { about: 'a uid without a name', process: { uid: 4242 }, want: { uid: 4242 } },
    { about: 'no uid', process: { gid: 27 }, want: undefined },
    { about: 'a uid that is none', process: { uid: '0' }, want: undefined },
    {
      about: 'the uid of the actor',
      actor: { uid: 0, terminal: 'pts/0' },
      want: { uid: 0, terminal: 'pts/0', user: 'root' },
    },
    {
      about: 'an actor of another uid than the process',
      process: { uid: 1000, gid: 27 },
      actor: { uid: 0 },
      want: { uid: 0, user: 'root' },
    },
    { about: 'an actor of another name', process: { uid: 1000 }, actor: { user: 'eve' }, want: { user: 'eve' } },
    {
      about: 'an actor of the same name',
      process: { uid: 0 },
      actor: { user: 'root' },
      want: { uid: 0, user: 'root' },
    },
    {
      about: 'an actor that is whole',
      process: { uid: 1000, gid: 1 },
      actor: { uid: 0, gid: 0, user: 'admin' },
      want: { uid: 0, gid: 0, user: 'admin' },
    },
  ])('$about', async ({ process, actor, want }) => {
    const { through } = await make();
    const [out] = await through(
      [read(1, process)].map((e) => (actor ? { ...e, actor } : e)),
      true,
    );
    expect(out?.actor).toEqual(want);
  });

  test('a recording gets no names of this machine, nor does user: false', async () => {
    expect((await (await make()).through([read(1, { uid: 0 })]))[0]?.actor).toBeUndefined();
    expect((await (await make({ user: false })).through([read(1, { uid: 0 })], true))[0]?.actor).toBeUndefined();
  });
});

describe('process tree', () => {
  test('parent and ancestors come from the events before, without command lines', async () => {
    const { through } = await make();
    const out = await through([
      exec(10, 1, '/usr/bin/node', ['node', 'agent.mjs', '--token', 'sesame']),
      fork(10, 11),
      exec(11, 10, '/usr/bin/sh', ['sh', '-c', 'grep x']),
      exec(12, 11, '/usr/bin/grep'),
      read(12),
    ]);
    const node = { pid: 10, exe: '/usr/bin/node', name: 'node' };
    const sh = { pid: 11, exe: '/usr/bin/sh', name: 'sh' };
    expect(out[0]?.process?.['parent']).toBeUndefined();
    expect(out[2]?.process).toMatchObject({ parent: node, ancestors: [node] });
    expect(out[4]?.process).toEqual({ pid: 12, parent: sh, ancestors: [sh, node] });
    expect(JSON.stringify(out[4])).not.toContain('sesame');
  });

  test('a child that was forked has its parent and the image of its parent', async () => {
    const { through } = await make();
    const out = await through([exec(10, 1, '/opt/a'), fork(10, 11), fork(11, 12), read(12)]);
    expect(out[3]?.process?.['ancestors']).toEqual([
      { pid: 11, exe: '/opt/a', name: 'a' },
      { pid: 10, exe: '/opt/a', name: 'a' },
    ]);
  });

  test('a forked process takes the start time of its first event, and another one is another process', async () => {
    const { through } = await make();
    const out = await through([
      exec(10, 1, '/opt/a'),
      fork(10, 11),
      read(11, { start_time: '2026-11-20T10:00:01Z' }),
      read(11, { start_time: '2026-11-20T10:00:02Z' }),
    ]);
    expect(out.slice(2).map((e) => e.process?.['parent'] !== undefined)).toEqual([true, false]);
  });

  test('the name of a thread does not rename its process', async () => {
    const { through } = await make();
    const out = await through([exec(10, 1, '/opt/a'), read(10, { name: 'worker' }), read(11, { ppid: 10 })]);
    expect(out[2]?.process?.['parent']).toEqual({ pid: 10, exe: '/opt/a', name: 'a' });
    const named = await through([read(20, {}), read(20, { name: 'b' }), read(21, { ppid: 20 })]);
    expect(named[2]?.process?.['parent']).toEqual({ pid: 20, name: 'b' });
  });

  test('a thread is no child', async () => {
    const { through } = await make();
    const out = await through([exec(10, 1, '/opt/a'), fork(10, 11, true), read(11)]);
    expect(out[2]?.process).toEqual({ pid: 11 });
  });

  test('who started a process stays its parent when it gets another one', async () => {
    const { through } = await make();
    const out = await through([
      exec(1, 0, '/sbin/init'),
      exec(10, 1, '/opt/a'),
      exec(11, 10, '/opt/b'),
      exit(10),
      read(11, { ppid: 1 }),
    ]);
    expect(out[4]?.process).toMatchObject({ ppid: 1, parent: { pid: 10 } });
  });

  test('a pid that is used again is another process, by start time or after its exit', async () => {
    const { through } = await make();
    const [t1, t2] = ['2026-11-20T10:00:01Z', '2026-11-20T10:00:02Z'];
    const out = await through([
      exec(10, 1, '/opt/a'),
      exec(11, 10, '/opt/b', [], { start_time: t1 }),
      exec(11, 99, '/opt/c', [], { start_time: t2 }),
      read(11, { start_time: t1 }),
      read(11, { start_time: t2 }),
      exec(12, 10, '/opt/d'),
      exit(12),
      exec(12, 99, '/opt/e'),
    ]);
    expect(out.map((e) => (e.process?.['parent'] as { pid: number } | undefined)?.pid)).toEqual([
      undefined,
      10,
      undefined,
      10,
      undefined,
      10,
      10,
      undefined,
    ]);
  });

  test('processes of one host, or one boot, are not those of another', async () => {
    const { through } = await make();
    const on = (e: OispEvent, device_id: string, boot_id: string): OispEvent => ({
      ...e,
      host: { device_id, boot_id },
    });
    const out = await through([
      on(exec(10, 1, '/opt/a'), 'h', 'b'),
      on(exec(11, 10, '/opt/b'), 'h', 'b'),
      on(exec(11, 10, '/opt/b'), 'h', 'c'),
      on(exec(11, 10, '/opt/b'), 'i', 'b'),
    ]);
    expect(out.map((e) => e.process?.['parent'] !== undefined)).toEqual([false, true, false, false]);
  });

  test('live events and a recording without hosts are told apart', async () => {
    for (const host of [true, false]) {
      const { through } = await make({ host });
      await through([exec(10, 1, '/opt/a')]);
      const [live] = await through([read(11, { ppid: 10 })], true);
      const [recorded] = await through([read(11, { ppid: 10 })]);
      expect(live?.process?.['parent']).toBeUndefined();
      expect(recorded?.process?.['parent']).toMatchObject({ pid: 10 });
    }
  });

  test('what an event carries stays, and is only added to where it speaks of the same parent', async () => {
    const { through } = await make();
    await through([exec(9, 1, '/opt/z'), exec(10, 9, '/opt/a'), exec(11, 10, '/opt/b')]);
    const mine = { pid: 10, exe: '/own' };
    const other = { pid: 77 };
    const given = [
      { parent: mine, ancestors: [] },
      { parent: mine },
      { parent: other },
      { ancestors: [mine] },
      { ancestors: [other] },
      { ancestors: 'x' },
    ];
    const out = await through(given.map((more) => read(11, more)));
    const a = { pid: 10, exe: '/opt/a', name: 'a' };
    const z = { pid: 9, exe: '/opt/z', name: 'z' };
    expect(out.map(({ process: { pid: _, ...rest } = {} }) => rest)).toEqual([
      given[0],
      { parent: mine, ancestors: [a, z] },
      given[2],
      { parent: a, ancestors: [mine] },
      given[4],
      given[5],
    ]);
  });

  test('the bound is held, what is let go is counted and told once', async () => {
    const { through, count, lines } = await make({ max_processes: 2 });
    await through([exec(1, 0, '/a'), exec(2, 1, '/b'), exec(3, 2, '/c'), exec(4, 3, '/d')]);
    expect(count('oisp_enrich_processes')).toBe(2);
    expect(count('oisp_enrich_evicted_processes')).toBe(2);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect((await through([read(4)]))[0]?.process?.['ancestors']).toHaveLength(3);
  });

  test('process_tree: false leaves processes as they are', async () => {
    const { through } = await make({ process_tree: false });
    const events = [exec(10, 1, '/opt/a'), exec(11, 10, '/opt/b')];
    expect(await through(events)).toEqual(events);
  });
});

describe('application', () => {
  const CLAUDE = {
    app_id: 'claude-code',
    name: 'Claude Code',
    vendor: 'Anthropic',
    tier: 'identified',
    is_ai_app: true,
  };
  const PACKAGE = '/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js';

  test.each([
    { about: 'a package', exe: '/usr/bin/node', args: ['node', '--no-warnings', PACKAGE], want: 'claude-code' },
    { about: 'a command of a runtime', exe: '/usr/bin/python3.12', args: ['python3', '/usr/bin/aider'], want: 'aider' },
    { about: 'a module', exe: '/usr/bin/python3', args: ['python3', '-m', 'aider'], want: 'aider' },
    { about: 'an executable', exe: '/usr/local/bin/codex', args: ['codex'], want: 'codex' },
    {
      about: 'a native build in a package',
      exe: '/x/node_modules/@openai/codex/vendor/bin/agent',
      args: [],
      want: 'codex',
    },
    { about: 'a script of one’s own', exe: '/usr/bin/python3', args: ['python3', 'claude.py'], want: undefined },
    { about: 'a name that others have too', exe: '/usr/local/bin/goose', args: ['goose', 'up'], want: undefined },
    { about: 'code in the arguments', exe: '/bin/sh', args: ['sh', '-c', 'claude -p x'], want: undefined },
  ])('$about: $want', async ({ exe, args, want }) => {
    const { through } = await make();
    const out = await through([exec(10, 1, exe, args), read(10)]);
    expect(out.map((e) => e.app?.app_id)).toEqual([want, want]);
  });

  test('a user agent names its process from then on, until that runs another program', async () => {
    const { through } = await make();
    const attrs = { 'user_agent.original': 'claude-cli/2.1.197 (external, cli)' };
    const out = await through([
      read(10),
      event('ai.request', { pid: 10 }, {}, { attrs }),
      event('ai.request', { pid: 10 }, {}, { attrs: { 'user_agent.original': 'undici' } }),
      exec(10, 1, '/bin/true'),
    ]);
    expect(out.map((e) => e.app)).toEqual([undefined, CLAUDE, CLAUDE, undefined]);
  });

  test('children of an agent program are not the program, forked ones neither', async () => {
    const { through } = await make();
    const out = await through([
      exec(10, 1, '/usr/local/bin/claude'),
      fork(10, 11),
      read(11, { exe: '/usr/local/bin/claude', cmdline_args: ['claude'] }),
      exec(11, 10, '/bin/sh'),
      read(11),
    ]);
    expect(out.map((e) => e.app?.app_id)).toEqual(['claude-code', 'claude-code', undefined, undefined, undefined]);
  });

  test('a forked process is known by another executable than its parent’s, not by the first that it names', async () => {
    const { through } = await make();
    const out = await through([
      read(10),
      fork(10, 11),
      read(11, { exe: '/usr/local/bin/claude' }),
      read(11, { exe: '/usr/local/bin/codex' }),
      read(11, { exe: '/bin/sh' }),
    ]);
    expect(out.slice(2).map((e) => e.app?.app_id)).toEqual([undefined, 'codex', undefined]);
  });

  test('a process that is forked with the pid of one that ended is not its program', async () => {
    const { through } = await make();
    const out = await through([
      exec(10, 1, '/bin/sh'),
      fork(10, 11),
      exec(11, 10, '/usr/local/bin/claude'),
      exit(11),
      fork(10, 11),
      read(11),
    ]);
    expect(out.map((e) => e.app?.app_id)).toEqual([
      undefined,
      undefined,
      'claude-code',
      'claude-code',
      undefined,
      undefined,
    ]);
  });

  test('an exec that names the executable otherwise than the events after it is one program', async () => {
    const { through } = await make();
    const resolved = { pid: 10, exe: '/usr/bin/python3.12' };
    await through([read(10, { exe: '/bin/sh' })]);
    const out = await through([
      event('process.exec', resolved, { exe: '/usr/bin/python3', args: ['python3', '-m', 'aider'] }),
      event('file.read', resolved, { path: '/x' }),
      read(11, { ppid: 10 }),
    ]);
    expect(out[1]?.app?.app_id).toBe('aider');
    expect(out[2]?.process?.['parent']).toEqual({ pid: 10, exe: '/usr/bin/python3', name: 'python3' });
  });

  test('a process that ran before the first event is known by its executable or arguments', async () => {
    const { through } = await make();
    const out = await through([
      read(10, { exe: '/opt/codex' }),
      read(11, { exe: '/usr/bin/node', cmdline_args: ['node', PACKAGE] }),
    ]);
    expect(out.map((e) => e.app?.app_id)).toEqual(['codex', 'claude-code']);
  });

  test('an application that the event names stays; app: false names none', async () => {
    const own = { app_id: 'mine' };
    const e = { ...exec(10, 1, '/usr/local/bin/claude'), app: own };
    expect((await (await make()).through([e]))[0]?.app).toBe(own);
    const off = await (await make({ app: false })).through([exec(10, 1, '/usr/local/bin/claude')]);
    expect(off[0]?.app).toBeUndefined();
  });
});

describe('batches', () => {
  for (const rule of RULES)
    test(`keeps the rule: ${rule.name}`, async () => {
      await rule.run({ definition: enrichProcessor, config: () => configFor(schema) });
    });

  test('a batch without anything to fill in, and spans, pass as they are', async () => {
    const { processor, sink } = await make();
    const [events, spans] = [eventsBatch(3), spansBatch(2)];
    await processor.consume(events);
    await processor.consume(spans);
    expect(sink.batches[0]).toBe(events);
    expect(sink.batches[1]).toBe(spans);
  });

  test('events to which nothing is added are the same objects', async () => {
    const { through } = await make();
    const events = [exec(10, 1, '/opt/a'), exec(11, 10, '/opt/b'), exec(20, 1, '/opt/c')];
    const out = await through(events);
    expect(out.map((e, i) => e === events[i])).toEqual([true, false, true]);
  });

  test('the same events come out the same in batches of any size', async () => {
    const events = recordedLines().map((line): OispEvent => JSON.parse(line));
    const whole = await (await make()).through(events);
    expect(whole.filter((e) => e.process?.['parent'] !== undefined).length).toBeGreaterThan(50);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }), async (sizes) => {
        const { through } = await make();
        const out: OispEvent[] = [];
        for (let at = 0, i = 0; at < events.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          out.push(...(await through(events.slice(at, at + size))));
          at += size;
        }
        expect(out).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  test('a batch that is handed over again comes out the same', async () => {
    const sink = new ScriptedSink([undefined, new PermanentError('not now')]);
    const { processor } = await make({}, sink);
    await processor.consume({ signal: 'events', events: [exec(10, 1, '/opt/a')] });
    const batch: EventsBatch = { signal: 'events', events: [read(11, { ppid: 10 }), exec(10, 1, '/opt/b')] };
    await expect(processor.consume(batch)).rejects.toThrow('not now');
    await processor.consume(batch);
    expect(sink.events[1]?.process?.['parent']).toMatchObject({ exe: '/opt/a' });
  });

  test('whatever an event holds that passes the border, it comes out with all that it carries, and passes again', async () => {
    const text = fc.constantFrom('', 'node', '/bin/claude', '/usr/bin/node', '2026-11-20T10:00:00Z');
    const args = fc.array(text, { maxLength: 3 });
    const optional = { requiredKeys: [] };
    const one = fc.record({
      type: fc.constantFrom('process.exec', 'process.fork', 'process.exit', 'ai.request', 'file.read'),
      process: fc.record(
        {
          pid: fc.nat(3),
          ppid: fc.nat(3),
          exe: text,
          name: text,
          cmdline_args: args,
          start_time: text,
          uid: fc.anything(),
          gid: fc.anything(),
          parent: fc.anything(),
          ancestors: fc.anything(),
        },
        optional,
      ),
      data: fc.record({ args, is_thread: fc.anything() }, optional),
      over: fc.record(
        {
          host: fc.record({ hostname: text, boot_id: text }, optional),
          actor: fc.dictionary(fc.constantFrom('uid', 'gid', 'user'), fc.anything()),
          app: fc.record({ name: text }, optional),
          attrs: fc.record({ 'user_agent.original': fc.oneof(text, fc.anything()) }),
        },
        optional,
      ),
    });
    const needed = { exe: '/bin/x', child_pid: 2, exit_code: 0, path: '/x' };
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 20 }), fc.boolean(), async (list, live) => {
        const { through } = await make({ max_processes: 3 });
        const events = list.flatMap(({ type, process, data, over }, i) => {
          const value = { ...makeEvent(i), ...over, event_type: type, process, data: { ...needed, ...data } };
          const checked = checkEvent(value);
          return 'event' in checked ? [checked.event] : [];
        });
        passed += events.length;
        const out = await through(events, live);
        expect(out).toHaveLength(events.length);
        for (const [i, e] of events.entries()) {
          expect(checkEvent(out[i])).toHaveProperty('event');
          const carried = { ...e, process: { ...out[i]?.process, ...e.process } };
          const actor = e.actor && { actor: { ...out[i]?.actor, ...e.actor } };
          expect({ ...out[i], ...carried, ...actor }).toEqual(out[i]);
        }
      }),
      { numRuns: 300 },
    );
    expect(passed).toBeGreaterThan(1000);
  });

  test('facts that cannot be read are named once at the start', async () => {
    const { lines, through } = await make({}, new CollectingSink(), {
      ...machineOf(),
      readText: async () => undefined,
    });
    expect(lines).toMatchObject([{ level: 'info', missing: ['/etc/machine-id', 'boot_id', '/etc/passwd'] }]);
    expect((await through([read(1, { uid: 5 })], true))[0]).toMatchObject({
      host: { hostname: 'quay' },
      actor: { uid: 5 },
    });
  });
});

test.skipIf(skipsWithoutData('../shared/data/oisp-spec', hasSpec))(
  'what is filled in is valid by the spec',
  async () => {
    const check = specValidator();
    const { through } = await make();
    const out = await through(
      [
        exec(10, 1, '/usr/local/bin/codex', ['codex'], { uid: 1000, gid: 1000 }),
        exec(11, 10, '/bin/sh', ['sh'], { uid: 0 }),
        read(12, { ppid: 11 }),
      ],
      true,
    );
    expect(out[0]).toMatchObject({ host: {}, actor: { user: 'ada' }, app: { app_id: 'codex' } });
    expect(out[2]?.process?.['ancestors']).toHaveLength(2);
    const recorded = recordedLines().map((line): OispEvent => JSON.parse(line));
    const source = { collector: 'oisp-collector', capture_method: 'syscall_intercept' };
    const all = [...out.map((e) => ({ ...e, source })), ...(await through(recorded))].filter(
      (e) => !e.event_type.startsWith('capture.'),
    );
    expect(all.length).toBeGreaterThan(100);
    expect(new Set(all.flatMap((e) => check(e)))).toEqual(new Set());
  },
);

test.each(['full', 'safe', 'minimal'])('secrets in what is filled in do not pass redact in mode %s', async (mode) => {
  const secret = ['ghp', 'q7Zx1Kp0Vt3Lm9Rb5Ns2Wd8Yc4Hf6Jg1TuEa'].join('_');
  const { through } = await make();
  const events = await through([
    exec(10, 1, `/home/ada/${secret}/agent`),
    exec(11, 10, `/opt/${secret}`),
    read(12, { ppid: 11 }),
  ]);
  expect(JSON.stringify(events[2]?.process)).toContain(secret);
  const sink = new CollectingSink();
  const { context } = makeContext();
  const redact = redactProcessor.create(context, configFor(redactProcessor.schema, { mode }), sink);
  await redact.consume({ signal: 'events', events });
  expect(sink.events[2]?.process).toMatchObject({
    parent: { pid: 11 },
    ancestors: [{ pid: 11 }, { pid: 10, name: 'agent' }],
  });
  expect(JSON.stringify(sink.events)).not.toContain(secret);
  if (mode === 'minimal') expect(JSON.stringify(sink.events.map((e) => e.process))).not.toContain('ada');
});
