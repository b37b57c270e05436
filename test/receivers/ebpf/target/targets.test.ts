import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeContext } from '../../../../core/testing/index.ts';
import type { Discovery, Site } from '../../../../receivers/ebpf/target/target.ts';
import { Targets } from '../../../../receivers/ebpf/target/targets.ts';
import { skipsWhere } from '../../../require.ts';

const sites: readonly Site[] = [{ role: 'read', symbol: 'SSL_read', offset: 64 }];
const target: Discovery = { kind: 'target', target: { library: 'openssl', found: 'symbols', sites } };

// files are named by the links of /proc
describe.skipIf(skipsWhere(process.platform !== 'linux', 'files are known by /proc/self/fd, which is of Linux'))(
  'files that are probed',
  () => {
    let dir: string;
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'oisp-targets-'));
    });
    afterEach(() => rmSync(dir, { recursive: true }));

    function lab(discovery: (path: string) => Discovery, refused?: Error) {
      const scanned: string[] = [];
      const detached: number[] = [];
      let links = 0;
      const { context, lines } = makeContext({ id: 'ebpf' });
      const targets = new Targets({
        log: context.log,
        scanner: {
          scan: async (path) => {
            scanned.push(path);
            return discovery(path);
          },
        },
        attach: () => {
          if (refused !== undefined) throw refused;
          return [links++];
        },
        detach: async (list) => void detached.push(...list),
        mayProbe: (path) => !path.endsWith('.private'),
        maxFiles: 2,
      });
      return { targets, scanned, detached, lines };
    }
    const file = (name: string): string => {
      const path = join(dir, name);
      writeFileSync(path, name);
      return path;
    };

    it('are looked at once, under whatever name, also when several ask at once', async () => {
      const { targets, scanned } = lab(() => target);
      const path = file('libssl.so.3');
      symlinkSync(path, join(dir, 'link'));
      const states = await Promise.all([targets.add(path), targets.add(join(dir, 'link')), targets.add(path)]);
      expect(states.map((state) => [state?.status, state?.path])).toEqual(Array(3).fill(['attached', path]));
      expect(scanned).toHaveLength(1);
    });

    it('are another one when they are replaced', async () => {
      const { targets, scanned } = lab(() => target);
      const path = file('libssl.so.3');
      await targets.add(path);
      renameSync(file('new'), path);
      await targets.add(path);
      expect(scanned).toHaveLength(2);
      expect(targets.states).toHaveLength(2);
    });

    it('are not touched where that is not wanted, and not there is no error', async () => {
      const { targets, scanned } = lab(() => target);
      expect(await targets.add(file('key.private'))).toMatchObject({ status: 'left_out' });
      expect(await targets.add(join(dir, 'missing'))).toBeUndefined();
      expect(await targets.add(dir)).toBeUndefined();
      expect(scanned).toEqual([]);
    });

    it('say why they cannot be read', async () => {
      const unknown = lab(() => ({
        kind: 'unsupported_build',
        library: 'rustls',
        reason: 'rustls is inlined',
        buildId: 'ab',
      }));
      expect(await unknown.targets.add(file('codex'))).toMatchObject({
        status: 'unsupported',
        library: 'rustls',
        reason: 'rustls is inlined',
        buildId: 'ab',
      });
      const refused = lab(() => target, new Error('probes were refused: attach: Permission denied'));
      expect(await refused.targets.add(file('node'))).toMatchObject({ status: 'refused' });
      expect(JSON.stringify(refused.lines)).toContain('Permission denied');
    });

    it('are let go when there are too many, the least used first; those without a library never push one out', async () => {
      let isTarget = true;
      const { targets, detached } = lab(() => (isTarget ? target : { kind: 'none', needed: [] }));
      const paths = ['a', 'b', 'c'].map(file);
      for (const path of [paths[0], paths[1], paths[0], paths[2]]) await targets.add(path ?? '');
      expect(detached).toEqual([1]);
      isTarget = false;
      for (const path of ['d', 'e', 'f', 'g'].map(file))
        expect(await targets.add(path)).toMatchObject({ status: 'none' });
      expect(detached).toEqual([1]);
      await targets.close();
      expect(detached).toEqual([1, 0, 2]);
    });
  },
);
