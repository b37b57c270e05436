import type { AppInfo } from './types.ts';

/**
 * Agent programs by the names under which they show themselves: the product of their user agent, their package, their executable. `id` is
 * what the span's service is called. Sources: user agents and packages as the programs of these versions send and carry them, November 2026.
 */
interface Application {
  readonly id: string;
  readonly name: string;
  readonly vendor?: string;
  readonly names: readonly string[];
  /** Those of `names` under which other programs run too: as an executable alone they say nothing. */
  readonly shared?: readonly string[];
}

const APPLICATIONS: readonly Application[] = [
  {
    id: 'claude-code',
    name: 'Claude Code',
    vendor: 'Anthropic',
    names: ['claude-cli', 'claude-code', '@anthropic-ai/claude-code', 'claude'],
  },
  {
    id: 'codex',
    name: 'Codex',
    vendor: 'OpenAI',
    names: ['codex_cli_rs', 'codex-cli', 'codex_exec', 'codex_vscode', '@openai/codex', 'codex'],
  },
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    vendor: 'Google',
    names: ['geminicli', 'gemini-cli', '@google/gemini-cli', 'gemini'],
  },
  {
    id: 'qwen-code',
    name: 'Qwen Code',
    vendor: 'Alibaba',
    names: ['qwencode', 'qwen-code', '@qwen-code/qwen-code', 'qwen'],
  },
  { id: 'opencode', name: 'OpenCode', names: ['opencode', 'opencode-ai'] },
  { id: 'aider', name: 'Aider', names: ['aider', 'aider-chat'] },
  // goose is a tool for database migrations too (github.com/pressly/goose)
  { id: 'goose', name: 'Goose', vendor: 'Block', names: ['goose', 'goosed'], shared: ['goose'] },
  {
    id: 'copilot-cli',
    name: 'GitHub Copilot CLI',
    vendor: 'GitHub',
    names: ['@github/copilot', 'copilot', 'githubcopilotcli'],
    // so is the deployment tool of Amazon ECS (github.com/aws/copilot-cli)
    shared: ['copilot'],
  },
  { id: 'cursor', name: 'Cursor', vendor: 'Anysphere', names: ['cursor', 'cursor-agent', 'cursoragent'] },
  { id: 'cline', name: 'Cline', names: ['cline'] },
  { id: 'crush', name: 'Crush', vendor: 'Charm', names: ['crush', 'charm-crush'], shared: ['crush'] },
  { id: 'amp', name: 'Amp', vendor: 'Sourcegraph', names: ['amp', '@sourcegraph/amp'], shared: ['amp'] },
];

interface Entry {
  readonly id: string;
  readonly app: AppInfo;
  readonly isShared: boolean;
}

const BY_NAME = new Map(
  APPLICATIONS.flatMap(({ id, name, vendor, names, shared = [] }) => {
    const app = Object.freeze({
      app_id: id,
      name,
      ...(vendor !== undefined && { vendor }),
      tier: 'identified',
      is_ai_app: true,
    });
    return names.map((one): [string, Entry] => [one, { id, app, isShared: shared.includes(one) }]);
  }),
);

/** The id of a known agent program that shows itself under this name, in any case. */
export function applicationOf(name: string | undefined): string | undefined {
  return entryOf(name)?.id;
}

/** What an event says of a known agent program that names itself so in its user agent or as its package. Frozen: one object per program. */
export function appOf(name: string | undefined): AppInfo | undefined {
  return entryOf(name)?.app;
}

/** The same for the file name of an executable or script: nothing for a name under which other programs run too. */
export function appOfFile(name: string | undefined): AppInfo | undefined {
  const entry = entryOf(name);
  return entry?.isShared === true ? undefined : entry?.app;
}

function entryOf(name: string | undefined): Entry | undefined {
  return name === undefined ? undefined : BY_NAME.get(name.toLowerCase());
}
