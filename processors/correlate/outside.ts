import { baseName, isShell, type MatchKeys } from '../../core/index.ts';
import { type Cause, program } from './evidence.ts';
import type { Agent, Proc, ToolState } from './state.ts';
import type { TurnHost } from './turn-host.ts';

/** What many programs of a host have above them without belonging together. */
const SESSION =
  /^(?:systemd|init|launchd|explorer|login|sshd|gnome-\w+|plasmashell|kwin\w*|xfce4-\w+|tmux.*|screen|zellij|alacritty|kitty|wezterm.*|iTerm2|Terminal|konsole|gnome-terminal.*|containerd.*|dockerd|conmon|cron|crond)$/i;
/** Programs that have another process run what they are given. */
const CLIENT = /^(?:docker|podman|nerdctl|kubectl|systemd-run|tmux|screen|emacsclient|devcontainer)$/i;
const MAX_ABOVE = 8;

/** Finds the tool call of programs that run outside of any agent's process tree: terminals of editors, daemons of containers. */
export class Outside {
  readonly #host: TurnHost;

  constructor(host: TurnHost) {
    this.#host = host;
  }

  /**
   * The only open call of the host whose command it is, when the two are parts of one application, or when the program that the call runs has it
   * run by another. A command that somebody types beside an agent is not the agent's.
   */
  causeOf(proc: Proc, keys: MatchKeys): Cause | undefined {
    const { commands = [] } = keys;
    if (commands.length === 0 || (keys.strings ?? keys.words ?? []).length === 0) return undefined;
    const tools = this.#host.commands.naming(commands).filter((tool) => commands.every((c) => isAsked(tool, c)));
    const [tool] = tools;
    if (!tool || tools.length > 1) return undefined;
    const isRelated = tool.matched === undefined ? isOneApplication(proc, tool.agent) : isClient(tool);
    return isRelated ? { tool, rule: 'argument', confidence: 'medium' } : undefined;
  }
}

function isAsked(tool: ToolState, command: string): boolean {
  return tool.keys.commands?.includes(command) === true;
}

function isClient(tool: ToolState): boolean {
  for (const exec of tool.roots) if (CLIENT.test(program(exec.event))) return true;
  return false;
}

/** Whether two processes have a program above them that is no session, terminal or shell. */
function isOneApplication(proc: Proc, agent: Agent): boolean {
  const above = new Set(applicationsAbove(agent.proc));
  for (const p of applicationsAbove(proc)) if (above.has(p)) return true;
  return false;
}

function* applicationsAbove(proc: Proc): Iterable<Proc> {
  for (let p: Proc | undefined = proc, n = 0; p && n < MAX_ABOVE; p = p.parent, n++) {
    const name = baseName(p.info.exe ?? p.info.name ?? '');
    if (p.pid <= 1 || name === '' || SESSION.test(name)) return;
    if (!isShell(name)) yield p;
  }
}
