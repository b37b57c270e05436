import { type AppInfo, appOf, productOf } from '../../../core/index.ts';
import type { CallHead } from '../flavour.ts';
import { id, url, words } from './header-table.ts';

/** What the head of a request tells about the program behind it, for the envelope of its events. */
export interface Caller {
  /** A known agent program that names itself. Counts only where the record of the bytes has no `app`. */
  readonly app?: AppInfo;
  readonly web_context?: Readonly<Record<string, unknown>>;
}

export function callerOf({ headers, host }: CallHead): Caller {
  const app = appIn(headers);
  const web = webContextOf(headers, host);
  return { ...(app !== undefined && { app }), ...(web !== undefined && { web_context: web }) };
}

/** The first of: the product of the user agent, the originator, a session of Claude Code, Copilot's integration, the title for OpenRouter. */
function appIn(headers: ReadonlyMap<string, string>): AppInfo | undefined {
  const agent = headers.get('user-agent');
  const product = productOf(agent);
  const integration = headers.get('copilot-integration-id');
  const found =
    appOf(product) ??
    appOf(headers.get('originator')) ??
    (headers.has('x-claude-code-session-id') ? appOf('claude-code') : undefined) ??
    (integration === 'copilot-developer-cli' ? appOf('githubcopilotcli') : undefined) ??
    appOf(headers.get('x-title'));
  if (found === undefined || found.app_id !== appOf(product)?.app_id) return found;
  const version = /^[^/\s]+\/v?(\d[\w.+-]{0,31})(?:\s|$)/.exec(agent ?? '')?.[1];
  return version === undefined ? found : { ...found, version };
}

interface WebApp {
  /** Hosts, and those below them. */
  readonly hosts: readonly string[];
  readonly id: string;
  readonly name: string;
  /** `embedded`: its own server calls the model. */
  readonly type: 'direct' | 'embedded';
}

/** Web apps by the host that serves them (their public addresses, November 2026). */
const WEB_APPS: readonly WebApp[] = [
  { hosts: ['chatgpt.com', 'chat.openai.com'], id: 'chatgpt-web', name: 'ChatGPT', type: 'direct' },
  { hosts: ['claude.ai'], id: 'claude-web', name: 'Claude', type: 'direct' },
  { hosts: ['gemini.google.com'], id: 'gemini-web', name: 'Gemini', type: 'direct' },
  { hosts: ['aistudio.google.com'], id: 'ai-studio-web', name: 'Google AI Studio', type: 'direct' },
  { hosts: ['copilot.microsoft.com'], id: 'copilot-web', name: 'Microsoft Copilot', type: 'direct' },
  { hosts: ['perplexity.ai'], id: 'perplexity-web', name: 'Perplexity', type: 'direct' },
  { hosts: ['grok.com'], id: 'grok-web', name: 'Grok', type: 'direct' },
  { hosts: ['chat.deepseek.com'], id: 'deepseek-web', name: 'DeepSeek', type: 'direct' },
  { hosts: ['chat.mistral.ai'], id: 'mistral-web', name: 'Le Chat', type: 'direct' },
  { hosts: ['chat.qwen.ai'], id: 'qwen-web', name: 'Qwen Chat', type: 'direct' },
  { hosts: ['meta.ai'], id: 'meta-ai-web', name: 'Meta AI', type: 'direct' },
  { hosts: ['poe.com'], id: 'poe-web', name: 'Poe', type: 'embedded' },
  { hosts: ['notion.so', 'notion.com'], id: 'notion-ai', name: 'Notion AI', type: 'embedded' },
];

/** The page behind a call that a browser makes: it calls itself Mozilla and says where the page comes from, which programs leave out. */
function webContextOf(headers: ReadonlyMap<string, string>, host: string): Caller['web_context'] {
  const agent = headers.get('user-agent') ?? '';
  const sent = headers.get('origin');
  const origin = sent === undefined || sent === 'null' ? undefined : originIn(sent);
  const referer = url(headers.get('referer') ?? '');
  const isBrowser =
    /^Mozilla\//.test(agent) && (sent !== undefined || referer !== undefined || headers.has('sec-fetch-site'));
  if (!isBrowser) return undefined;
  const page = hostOf(origin) ?? hostOf(referer) ?? host;
  const app = WEB_APPS.find(({ hosts }) => hosts.some((known) => page === known || page.endsWith(`.${known}`)));
  return {
    ...(origin !== undefined && { origin }),
    ...(referer !== undefined && { referer }),
    user_agent: words(agent),
    ...(app !== undefined && { web_app_id: app.id, web_app_name: app.name, web_app_type: app.type }),
  };
}

/** `scheme://host` (RFC 6454 6.2), also of an extension. */
function originIn(value: string): string | undefined {
  return /^[a-z][a-z0-9+.-]{1,31}:\/\/[\w.:[\]-]{1,255}$/i.test(value) && id(value.replace(/[[\]]/g, '')) !== undefined
    ? value
    : undefined;
}

function hostOf(address: unknown): string | undefined {
  return typeof address === 'string' ? /^[^:]+:\/\/([^/:]+)/.exec(address)?.[1]?.toLowerCase() : undefined;
}
