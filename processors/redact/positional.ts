const NONE: ReadonlySet<number> = new Set();

/** Indexes of the elements that are secrets by their place: `vault login X`, `htpasswd -nb user X`, `net use x /user:u X`, `npm config set …:_authToken X`. */
export function positional(args: readonly string[]): ReadonlySet<number> {
  const at = args.findIndex((arg) => /(?:^|[/\\])(?:vault|htpasswd|net)(?:\.exe)?$/.test(arg.slice(-16)));
  if (at < 0 || at > 8) return NONE;
  const program = args[at] ?? '';
  const rest = args.slice(at + 1, at + 33);
  const from = at + 1;
  if (program.includes('htpasswd')) return htpasswd(rest, from);
  const plain = rest.flatMap((arg, i) => (/^[-/]/.test(arg) || arg === '' ? [] : [i]));
  if (program.includes('vault')) {
    const last = plain.length === 2 && rest[plain[0] ?? 0] === 'login' ? plain[1] : undefined;
    return last === undefined || rest[last]?.includes('=') === true ? NONE : new Set([from + last]);
  }
  // net use [device] [share] [password] /user:name [password]; a device is `X:` or `*`, a share begins with two backslashes
  if (rest[plain[0] ?? 0]?.toLowerCase() !== 'use' || !rest.some((arg) => /^\/user:/i.test(arg))) return NONE;
  return new Set(
    plain
      .slice(1)
      .flatMap((i) => (/^(?:\w:|\*|\\.*)$/.test(rest[i] ?? '') ? [] : [i + from]))
      .slice(-1),
  );
}

function htpasswd(rest: readonly string[], from: number): ReadonlySet<number> {
  const words: number[] = [];
  let letters = '';
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i] ?? '';
    if (!/^-[A-Za-z]+$/.test(arg)) {
      words.push(i);
      continue;
    }
    letters += arg;
    if (/[Cr]$/.test(arg)) i++;
  }
  if (!letters.includes('b')) return NONE;
  const last = words[letters.includes('n') ? 1 : 2];
  return last === undefined ? NONE : new Set([from + last]);
}
