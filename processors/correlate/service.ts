import { type OispEvent, type Resource, uuidOf } from '../../core/index.ts';
import { applicationOf } from './applications.ts';
import { Attributes } from './attributes.ts';
import type { Proc } from './state.ts';

/** Products that speak for a library or runtime, not for the program that uses it. */
const LIBRARIES =
  /^(openai|anthropic|asyncopenai|asyncanthropic|google-genai-sdk|google-api|ai-sdk|litellm|langchain|python-httpx|python-requests|python-urllib|python|aiohttp|node|node-fetch|axios|undici|got|okhttp|go-http-client|java|curl|wget|bun|deno|mozilla|ruby|rust|reqwest|hyper|groq|cohere|mistral|boto3|botocore|aws-sdk)\b/i;
const RUNTIMES =
  /^(node|nodejs|python[\d.]*|pypy[\d.]*|ruby|java|bun|deno|perl|php|dotnet|tsx|ts-node|npx|uv|sh|bash|dash|zsh)$/i;
/** File names that every project has: the folder says more. */
const GENERIC = /^(index|main|app|cli|server|start|run|bin|__main__|entry|mod)$/i;

/**
 * The name of the program that talks to models: what the application registry says, the user agent's product, the script or package, the
 * executable; a runtime's own name only when nothing better is known.
 */
export function serviceName(event: OispEvent, proc: Proc): string {
  const named = event.app?.app_id ?? event.app?.name;
  if (named) return named;
  const agent = product(event.attrs?.['user_agent.original']);
  const exe = base(proc.info.exe ?? event.process?.exe ?? proc.info.name ?? event.process?.name ?? '');
  const argv = proc.argv ?? event.process?.cmdline_args;
  const isRuntime = RUNTIMES.test(exe) || exe === '';
  const script = argv && isRuntime ? scriptName(argv, event.process?.cwd ?? proc.info.cwd) : undefined;
  const known = applicationOf(agent) ?? applicationOf(script) ?? (isRuntime ? undefined : applicationOf(exe));
  return known ?? agent ?? script ?? (exe || 'unknown');
}

function product(userAgent: unknown): string | undefined {
  if (typeof userAgent !== 'string') return undefined;
  const name = /^([A-Za-z0-9._-]{1,64})(?:\/|\s|$)/.exec(userAgent.trim())?.[1];
  return name === undefined || LIBRARIES.test(name) ? undefined : name;
}

function scriptName(argv: readonly string[], cwd: string | undefined): string | undefined {
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '-m' && argv[i + 1]) return (argv[i + 1] as string).split('.')[0];
    if (word === '-c' || word === '-e' || word === '--eval' || word === '-p') return undefined;
    if (/^(-r|--require|--import|--loader|-C|-W|-X)$/.test(word)) i++;
    else if (!word.startsWith('-')) return nameOf(word, cwd);
  }
  return undefined;
}

function nameOf(script: string, cwd: string | undefined): string {
  const parts = script.split('/').filter((p) => p !== '' && p !== '.');
  const modules = parts.lastIndexOf('node_modules');
  if (modules >= 0 && parts[modules + 1]) {
    const name = parts[modules + 1] as string;
    if (name.startsWith('@') && parts[modules + 2]) return `${name}/${parts[modules + 2]}`;
    if (name !== '.bin') return name;
  }
  const file = (parts.at(-1) ?? script).replace(/\.(c|m)?(j|t)sx?$|\.py$|\.rb$/i, '');
  if (!GENERIC.test(file)) return file;
  for (const folder of [...parts.slice(0, -1)].reverse())
    if (!/^(dist|lib|src|bin|build|out)$/i.test(folder)) return folder;
  return base(cwd ?? '') || file;
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const ARCH: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', i686: 'x86', arm: 'arm32' };

/** The resource of one agent process on one host: nothing in it changes between runs of the collector. */
export function resourceOf(service: string, event: OispEvent, proc: Proc, namespace: string): Resource {
  const { host } = event;
  const hostId = hostIdOf(event);
  return {
    attributes: new Attributes()
      .text('service.name', service)
      .text('service.namespace', namespace)
      .text('service.version', event.app?.version)
      .text('service.instance.id', uuidOf(hostId, proc.pid, proc.startTime ?? ''))
      .text('host.id', host?.device_id)
      .text('host.name', host?.hostname)
      .text('host.arch', host?.arch && (ARCH[host.arch] ?? host.arch))
      .text('os.type', host?.os === 'other' ? undefined : host?.os)
      .text('os.version', host?.os_version).list,
  };
}

/** What tells hosts apart. */
export function hostIdOf(event: OispEvent): string {
  return event.host?.device_id ?? event.host?.hostname ?? '';
}
