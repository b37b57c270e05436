import { baseName } from './wrappers.ts';

/** Products that speak for a library or runtime, not for the program that uses it. */
const LIBRARIES =
  /^(openai|anthropic|asyncopenai|asyncanthropic|google-genai-sdk|google-api|ai-sdk|litellm|langchain|python-httpx|python-requests|python-urllib|python|aiohttp|node|node-fetch|axios|undici|got|okhttp|go-http-client|java|curl|wget|bun|deno|mozilla|ruby|rust|reqwest|hyper|groq|cohere|mistral|boto3|botocore|aws-sdk)\b/i;
const RUNTIMES =
  /^(node|nodejs|python[\d.]*|pypy[\d.]*|ruby|java|bun|deno|perl|php|dotnet|tsx|ts-node|npx|uv|sh|bash|dash|zsh)$/i;
/** File names that every project has: the folder says more. */
const GENERIC = /^(index|main|app|cli|server|start|run|bin|__main__|entry|mod)$/i;

/** The first product of a `User-Agent` (RFC 9110 10.1.5), unless it speaks for a library or runtime. */
export function productOf(userAgent: unknown): string | undefined {
  if (typeof userAgent !== 'string') return undefined;
  const name = /^([A-Za-z0-9._-]{1,64})(?:\/|\s|$)/.exec(userAgent.trim())?.[1];
  return name === undefined || LIBRARIES.test(name) ? undefined : name;
}

/** Whether the file name of an executable is that of a runtime: what it runs says more. */
export function isRuntime(exe: string): boolean {
  return RUNTIMES.test(exe);
}

/** What a runtime is told to run: the word of a script, or the name of a module after `-m`; nothing for code in the arguments. */
export function scriptIn(argv: readonly string[]): { readonly path: string } | { readonly module: string } | undefined {
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '-m' && argv[i + 1]) return { module: (argv[i + 1] as string).split('.')[0] as string };
    if (word === '-c' || word === '-e' || word === '--eval' || word === '-p') return undefined;
    if (/^(-r|--require|--import|--loader|-C|-W|-X)$/.test(word)) i++;
    else if (!word.startsWith('-')) return { path: word };
  }
  return undefined;
}

/** The npm package whose folder a path goes into last, with its scope. */
export function packageOf(path: string): string | undefined {
  const parts = partsOf(path);
  const modules = parts.lastIndexOf('node_modules');
  const name = modules < 0 ? undefined : parts[modules + 1];
  if (name === undefined || name === '.bin') return undefined;
  const inScope = parts[modules + 2];
  return name.startsWith('@') && inScope !== undefined ? `${name}/${inScope}` : name;
}

/** What a script is called: its package, its file without the ending, or the folder where the file's name says nothing. */
export function scriptName(argv: readonly string[], cwd: string | undefined): string | undefined {
  const script = scriptIn(argv);
  if (script === undefined) return undefined;
  if ('module' in script) return script.module;
  const { path } = script;
  const named = packageOf(path);
  if (named !== undefined) return named;
  const parts = partsOf(path);
  const file = (parts.at(-1) ?? path).replace(/\.(c|m)?(j|t)sx?$|\.py$|\.rb$/i, '');
  if (!GENERIC.test(file)) return file;
  for (const folder of [...parts.slice(0, -1)].reverse())
    if (!/^(dist|lib|src|bin|build|out)$/i.test(folder)) return folder;
  return baseName(cwd ?? '') || file;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
