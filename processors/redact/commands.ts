/** Programs, and what behind which of their flags is secret. Used word by word for an argv and as rules for texts. */
export interface CommandFlags {
  /** Names of programs; none: the flag alone tells enough. */
  readonly programs?: string;
  /** A word that must stand between program and flag (`docker login`). */
  readonly sub?: string;
  readonly flags: string;
  /** `next`: the next word, or behind `=` of a long flag. `glued`: right behind the flag. `both`. */
  readonly form: 'next' | 'glued' | 'both';
  /** Source of what stays of the value: `user:`. Without it in the value there is no secret. */
  readonly keep?: string;
  readonly type?: 'token';
}

const LOGIN = `[^\\s:"'\\\\]{0,64}:`;

export const COMMANDS: readonly CommandFlags[] = [
  { programs: 'sshpass', flags: '-p', form: 'both' },
  {
    programs: 'mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlcheck mariadb mariadb-dump mariadb-admin',
    flags: '-p',
    form: 'glued',
  },
  { programs: 'docker podman nerdctl buildah skopeo helm az oc', sub: 'login', flags: '-p', form: 'next' },
  { programs: 'twine', sub: 'upload', flags: '-p', form: 'next' },
  {
    programs: 'mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat rabbitmqadmin cqlsh',
    flags: '-p',
    form: 'next',
  },
  { programs: '7z 7za 7zr 7zz rar unrar', flags: '-p -hp', form: 'glued' },
  { programs: 'sqlcmd bcp zip unzip zipcloak mosquitto_pub mosquitto_sub', flags: '-P', form: 'both' },
  { programs: 'ldapsearch ldapmodify ldapadd ldapdelete ldapwhoami ldappasswd', flags: '-w', form: 'both' },
  { programs: 'redis-cli', flags: '-a', form: 'next' },
  { programs: 'http https xh xhs', flags: '-a --auth', form: 'next', keep: LOGIN },
  {
    programs: 'curl wget',
    flags: '-u -U -su -sSu -ku -sku -ksu -vu -iu -Lu -sLu -fsSu -fsSLu --user --proxy-user',
    form: 'both',
    keep: LOGIN,
  },
  { programs: 'curl', flags: '-b --cookie', form: 'both', keep: `[^\\s=;"'\\\\]{1,64}=`, type: 'token' },
  { programs: 'curl', flags: '--oauth2-bearer', form: 'next', type: 'token' },
  { programs: 'smbclient rpcclient smbget', flags: '-U --user', form: 'both', keep: `[^\\s%"']{1,64}%` },
  { programs: 'openssl', flags: '-k -K', form: 'next' },
  { flags: '-pass -passin -passout', form: 'next', keep: 'pass:' },
  { programs: 'keytool jarsigner', flags: '-storepass -keypass', form: 'next' },
  { programs: 'ssh-keygen', flags: '-N', form: 'next' },
  { programs: 'plink pscp', flags: '-pw', form: 'next' },
  { flags: '--from-literal', form: 'next', keep: `[\\w.-]{1,64}=` },
];

/** A value that stands for another, a mask, a flag, or a port. */
export function isNoSecret(value: string): boolean {
  return (
    value.length === 0 ||
    /^(?:\$(?:[({]|\w+["']?$)|%\w+%$|<|-|\{\{|\*+$|x{3,}$|\.{3}$|\[[A-Z_]+_REDACTED\]?)/i.test(value) ||
    /^[\d.:]*\d+:\d+(?:\/(?:tcp|udp))?$/.test(value)
  );
}

/** A setting that holds a credential, with the value in the next word: `user.password`, `//host/:_authToken`. */
export const CONFIG_NAME = /^(?:[\w-]+\.)+(?:password|passwd|token|secret)$|:?_(?:authtoken|auth|password)$/i;

/** Names in form bodies and query strings. */
export const FORM_NAME =
  'pass|passwd|password|passphrase|pwd|secret|token|client_secret|access_token|refresh_token|id_token|api_key|apikey|otp';
