import type { OpenTools } from './open-tools.ts';
import type { CorrelateOptions } from './options.ts';
import type { Output } from './output.ts';
import type { Sessions } from './sessions.ts';
import type { Agent } from './state.ts';

/** Callbacks into the host's state machine. */
export interface TurnHost {
  readonly options: CorrelateOptions;
  readonly out: Output;
  readonly agents: Iterable<Agent>;
  readonly sessions: Sessions;
  /** The open tool calls of all agents, by the commands in their arguments. */
  readonly commands: OpenTools;
  /** Calls `run` when event time reaches `at`. */
  after(at: number, run: (at: number) => void): void;
  count(name: string, n?: number): void;
  /** A turn of this agent was the last one to hold it. */
  released(agent: Agent): void;
}
