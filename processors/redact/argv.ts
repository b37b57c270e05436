/** What an element of an argv says about the next one, or about itself. */
const SECRET_FLAG =
  /^--?[\w-]*(?:password|passwd|passphrase|passcode|token|secret|api[-_]?key|access[-_]?key|private[-_]?key|auth[-_]?key|credentials?)$/i;
const LOGIN_FLAG = /^(?:-u|--user|--proxy-user|-U)$/;
const DONE = /^["']?\[[A-Z_]+_REDACTED\]["']?$/;
const LABEL = '[PASSWORD_REDACTED]';
/** Programs that take a password right behind a short flag. */
const SHORT_FLAGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    sshpass: '-p',
    mysql: '-p',
    mysqldump: '-p',
    mysqladmin: '-p',
    mariadb: '-p',
    'mariadb-dump': '-p',
    'redis-cli': '-a',
    mongo: '-p',
    mongosh: '-p',
    mongodump: '-p',
    docker: '-p',
    podman: '-p',
    ldapsearch: '-w',
    ldapmodify: '-w',
    smbclient: '-U',
    rabbitmqadmin: '-p',
    sqlcmd: '-P',
  }),
);
/** Programs whose `-p` is a password only as an element of its own (`docker login -p X`). */
const LOGIN_ONLY = new Set(['docker', 'podman']);

/**
 * Redacts the secrets that only neighbours give away: `--password X`, `-u user:X`, `mysql -pX`. Every element then goes through `rules`. The same
 * list when nothing changed.
 */
export function redactArgv(
  args: readonly string[],
  rules: (text: string) => string,
  found: () => void,
): readonly string[] {
  const short = shortFlag(args);
  let out: string[] | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const hidden = hide(arg, args[i - 1], short);
    if (hidden !== undefined && hidden !== arg) found();
    const next = hidden ?? rules(arg);
    if (next !== arg) {
      out ??= args.slice();
      out[i] = next;
    }
  }
  return out ?? args;
}

function hide(arg: string, before: string | undefined, short: string | undefined): string | undefined {
  if (arg.length === 0 || arg.startsWith('$') || DONE.test(arg)) return undefined;
  if (before !== undefined) {
    if (SECRET_FLAG.test(before) && !arg.startsWith('--')) return LABEL;
    if (LOGIN_FLAG.test(before)) {
      const colon = arg.indexOf(':');
      const login = arg.slice(colon + 1);
      if (colon >= 0 && login.length > 0 && login !== LABEL && !/^\d+$/.test(login))
        return arg.slice(0, colon + 1) + LABEL;
    }
    if (short !== undefined && before === short && !arg.startsWith('-')) return LABEL;
  }
  if (short !== undefined && arg.length > 2 && arg.startsWith(short) && !arg.startsWith('--')) {
    return arg.slice(2) === LABEL ? undefined : short + LABEL;
  }
  return undefined;
}

function shortFlag(args: readonly string[]): string | undefined {
  for (const arg of args.slice(0, 3)) {
    const program = arg.slice(arg.lastIndexOf('/') + 1);
    const flag = SHORT_FLAGS.get(program);
    if (flag === undefined) continue;
    return LOGIN_ONLY.has(program) && !args.includes('login') ? undefined : flag;
  }
  return undefined;
}

/** A command line in one text: its words are treated like an argv, after the rules have seen the whole. */
export function redactCommandLine(line: string, rules: (text: string) => string, found: () => void): string {
  const text = rules(line);
  const words = text.split(' ');
  const out = words.length < 2 ? words : redactArgv(words, (word) => word, found);
  return out === words ? text : out.join(' ');
}
