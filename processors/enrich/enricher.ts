import { type HostInfo, merged, type OispEvent, type ProcessInfo } from '../../core/index.ts';
import type { Named } from './process-table.ts';
import type { ProcessTree } from './process-tree.ts';

/** What is filled in, and from what. A part that is undefined is left as it is. */
export interface Sources {
  /** This machine, for live events. */
  readonly host: HostInfo | undefined;
  /** Names by uid on this machine, for live events. */
  readonly users: ReadonlyMap<number, string> | undefined;
  readonly tree: ProcessTree | undefined;
  readonly fillsProcess: boolean;
  readonly fillsApp: boolean;
}

/** Events of a live source that name no host are this machine's, and no recording's. */
const HERE = '\0here';

type Fills = { -readonly [K in 'host' | 'actor' | 'process' | 'app']?: OispEvent[K] };

/** The event with what was missing and is known; the same object when nothing was. */
export function enrich(event: OispEvent, isLive: boolean, sources: Sources): OispEvent {
  const fills: Fills = {};
  let isFilled = false;
  if (isLive && event.host === undefined && sources.host !== undefined) {
    fills.host = sources.host;
    isFilled = true;
  }
  if (isLive && sources.users !== undefined) {
    const actor = actorOf(event, sources.users);
    if (actor !== undefined) {
      fills.actor = actor;
      isFilled = true;
    }
  }
  if (sources.tree !== undefined) {
    const { ancestors, app } = sources.tree.observe(event, scopeOf(event.host ?? fills.host, isLive));
    const process = sources.fillsProcess ? processOf(event.process, ancestors) : undefined;
    if (process !== undefined) {
      fills.process = process;
      isFilled = true;
    }
    if (sources.fillsApp && event.app === undefined && app !== undefined) {
      fills.app = app;
      isFilled = true;
    }
  }
  return isFilled ? merged(event, fills) : event;
}

/** Where a pid means one process: a host between two starts of its system. */
function scopeOf(host: HostInfo | undefined, isLive: boolean): string {
  if (host === undefined) return isLive ? HERE : '';
  return `${host.device_id ?? host.hostname ?? ''} ${host.boot_id ?? ''}`;
}

function processOf(info: ProcessInfo | undefined, ancestors: readonly Named[]): ProcessInfo | undefined {
  const nearest = ancestors[0];
  if (info === undefined || nearest === undefined) return undefined;
  const { parent, ancestors: carried } = info;
  if (parent !== undefined && carried !== undefined) return undefined;
  if (parent === undefined && carried === undefined) return merged(info, { parent: nearest, ancestors });
  // the one that is there has to speak of the same process as the one that is filled in
  const near = parent ?? (Array.isArray(carried) ? (carried[0] as unknown) : undefined);
  if (typeof near !== 'object' || near === null || !('pid' in near) || near.pid !== nearest.pid) return undefined;
  return parent === undefined ? merged(info, { parent: nearest }) : merged(info, { ancestors });
}

function actorOf(event: OispEvent, users: ReadonlyMap<number, string>): OispEvent['actor'] {
  const { actor, process } = event;
  const uid = actor?.['uid'] ?? process?.['uid'];
  if (!isId(uid)) return undefined;
  const user = users.get(uid);
  // an actor that is called otherwise is somebody else
  if (actor?.['user'] !== undefined && actor['user'] !== user) return undefined;
  const gid = process?.['gid'];
  const needsUid = actor?.['uid'] === undefined;
  const needsGid = isId(gid) && actor?.['gid'] === undefined && process?.['uid'] === uid;
  const needsUser = user !== undefined && actor?.['user'] === undefined;
  if (!needsUid && !needsGid && !needsUser) return undefined;
  return Object.assign({}, actor, needsUid && { uid }, needsGid && { gid }, needsUser && { user });
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
