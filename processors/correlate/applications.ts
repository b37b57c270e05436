/**
 * Agent programs by the names under which they show themselves: the product of their user agent, their package, their executable. `id` is
 * what the span's service is called. Sources: user agents and packages as the programs of these versions send and carry them, November 2026.
 */
interface Application {
  readonly id: string;
  readonly names: readonly string[];
}

const APPLICATIONS: readonly Application[] = [
  { id: 'claude-code', names: ['claude-cli', 'claude-code', '@anthropic-ai/claude-code', 'claude'] },
  { id: 'codex', names: ['codex_cli_rs', 'codex-cli', 'codex_exec', 'codex_vscode', '@openai/codex', 'codex'] },
  { id: 'gemini-cli', names: ['geminicli', 'gemini-cli', '@google/gemini-cli', 'gemini'] },
  { id: 'qwen-code', names: ['qwencode', 'qwen-code', '@qwen-code/qwen-code', 'qwen'] },
  { id: 'opencode', names: ['opencode', 'opencode-ai'] },
  { id: 'aider', names: ['aider', 'aider-chat'] },
  { id: 'goose', names: ['goose', 'goosed'] },
  { id: 'copilot-cli', names: ['@github/copilot', 'copilot', 'githubcopilotcli'] },
  { id: 'cursor', names: ['cursor', 'cursor-agent', 'cursoragent'] },
  { id: 'cline', names: ['cline'] },
  { id: 'crush', names: ['crush', 'charm-crush'] },
  { id: 'amp', names: ['amp', '@sourcegraph/amp'] },
];

const BY_NAME = new Map(APPLICATIONS.flatMap(({ id, names }) => names.map((name) => [name, id] as const)));

/** The id of a known agent program that shows itself under this name, in any case. */
export function applicationOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : BY_NAME.get(name.toLowerCase());
}
