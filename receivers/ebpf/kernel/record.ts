/**
 * Times are nanoseconds of CLOCK_BOOTTIME; `start` and `pid` together name a process of this boot. Numbers, not bigints, which cost several times
 * as much: beyond 2^53 (104 days of uptime) times are rounded by a nanosecond or two, the same way each time.
 */
export interface Head {
  readonly ts: number;
  readonly start: number;
  readonly pid: number;
  readonly tid: number;
}

export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** Both ends of a socket; undefined for one that is no IP socket any more. */
export interface Ends {
  readonly local: Address;
  readonly remote: Address;
  readonly protocol: 'tcp' | 'udp' | 'other';
}

export type SensorRecord =
  | (Head & {
      readonly type: 'data';
      readonly conn: number;
      readonly isSent: boolean;
      readonly isStdio: boolean;
      readonly verdict: number;
      readonly isBound: boolean;
      /** Bytes of this direction before these. */
      readonly offset: number;
      readonly bytes: Uint8Array;
      /** Bytes of the same call behind these that were not copied. */
      readonly cut: number;
    })
  | (Head & {
      readonly type: 'bound';
      readonly conn: number;
      readonly sock: number;
      readonly source: number;
      readonly ends: Ends | undefined;
    })
  | (Head & { readonly type: 'close'; readonly conn: number; readonly sent: number; readonly received: number })
  | (Head & {
      readonly type: 'hello';
      readonly sock: number;
      readonly ends: Ends | undefined;
      readonly bytes: Uint8Array;
    })
  | (Head & {
      readonly type: 'fork';
      readonly child: number;
      readonly childStart: number;
      readonly uid: number;
      readonly gid: number;
    })
  | (Head & {
      readonly type: 'exec';
      /** It is observed already, by its parent or by request. */
      readonly isTracked: boolean;
      readonly ppid: number;
      readonly uid: number;
      readonly gid: number;
      readonly args: readonly string[];
      /** Bytes of the argument list that did not fit. */
      readonly argsCut: number;
      /** The path as execve was given it. */
      readonly name: string;
      /** The program that runs. */
      readonly exe: string;
      readonly cwd: string;
    })
  | (Head & { readonly type: 'exit'; readonly code: number })
  | (Head & { readonly type: 'chdir'; readonly cwd: string })
  | (Head & {
      readonly type: 'file';
      /** Key of its counters. */
      readonly file: number;
      readonly isOpen: boolean;
      readonly flags: number;
      readonly path: string;
    })
  | (Head & {
      readonly type: 'names';
      readonly op: number;
      readonly a: string;
      readonly b: string;
      /** Folders that relative paths start from. */
      readonly aBase: string;
      readonly bBase: string;
    })
  | (Head & {
      readonly type: 'connect';
      readonly ends: Ends | undefined;
      readonly began: number;
      readonly error: number;
    })
  | (Head & {
      readonly type: 'sock_end';
      readonly sock: number;
      readonly sent: number;
      readonly received: number;
      readonly first: number;
      readonly last: number;
      readonly ends: Ends | undefined;
    });
