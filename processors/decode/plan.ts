import type { PlanStepData, ToolCall } from '../../core/index.ts';
import { isObject, type Json, list, number, parseJson, text } from './json.ts';

type Step = Omit<PlanStepData, 'agent' | 'request_id' | 'call_id'>;
type Action = NonNullable<Step['planned_actions']>[number];
type Read = (args: Json) => Step | undefined;

const MAX_ACTIONS = 256;
const MAX_TEXT = 4096;

/**
 * The step of a plan that a tool call is, by its name: agents keep their plans with tools. Undefined for every other tool, and where the
 * arguments are not the plan's.
 */
export function planStepOf(tool: ToolCall): Step | undefined {
  const read = PLAN_TOOLS[plainName(tool.name)];
  if (read === undefined || !Object.hasOwn(PLAN_TOOLS, plainName(tool.name))) return undefined;
  return read(isObject(tool.arguments) ? tool.arguments : {});
}

/** `mcp__server__sequential-thinking`, `functions.update_plan`, `TodoWrite`: the last part, in lower case, letters only. */
function plainName(name: string): string {
  return (
    name
      .slice(0, 256)
      .split(/__|[./:]/)
      .at(-1) ?? ''
  )
    .toLowerCase()
    .replace(/[^a-z]/g, '');
}

/** A list of things to do, in any of the forms in which tools take it. */
const todos: Read = (args) => {
  const given = args['todos'] ?? args['todoList'] ?? args['plan'] ?? args['tasks'] ?? args['items'] ?? args['content'];
  const actions = actionsOf(given);
  if (actions.length === 0) return undefined;
  const current = actions.findIndex(({ status }) => status !== undefined && /^in[_ -]?progress$|^doing$/i.test(status));
  const done = actions.filter(({ status }) => status !== undefined && DONE.test(status)).length;
  const description = wordsOf(args['explanation'] ?? args['overview'] ?? actions[current]?.action);
  return {
    step_index: current >= 0 ? current : Math.min(done, actions.length - 1),
    step_type: done > 0 ? 'revision' : 'planning',
    ...(description !== undefined && { description }),
    planned_actions: actions,
  };
};

const DONE = /^(?:completed?|done|finished|cancell?ed|skipped)$/i;

/** One task that is made. */
const created: Read = (args) => {
  const action = wordsOf(args['subject'] ?? args['title'] ?? args['description']);
  if (action === undefined) return undefined;
  return { step_type: 'planning', description: action, planned_actions: [{ action, status: 'pending' }] };
};

/** One task that changes. */
const changed: Read = (args) => {
  const status = wordOf(args['status']);
  const action = wordsOf(args['subject'] ?? args['title'] ?? args['description']);
  if (text(args['taskId'] ?? args['task_id'] ?? args['id']) === undefined) return undefined;
  if (status === undefined && action === undefined) return undefined;
  return {
    step_type: 'revision',
    ...(action !== undefined && { description: action }),
    planned_actions: [{ ...(action !== undefined && { action }), ...(status !== undefined && { status }) }],
  };
};

/** A plan that is handed to the user for a decision, as text or as a file. */
const presented: Read = (args) => {
  const description = wordsOf(args['plan'] ?? args['summary']);
  const file = text(args['plan_path'] ?? args['plan_filename'] ?? args['planFilePath']);
  const actions = actionsOf(args['todos'] ?? args['plan'], false);
  return {
    step_type: 'decision',
    ...(description !== undefined && { description }),
    ...(actions.length > 0 && { planned_actions: actions }),
    ...(file !== undefined && { context_files: [file.slice(0, MAX_TEXT)] }),
  };
};

const begun: Read = (args) => {
  const description = wordsOf(args['reason']);
  return { step_type: 'planning', ...(description !== undefined && { description }) };
};

/** A thought that is written down by a tool. */
const thought: Read = (args) => {
  const description = wordsOf(args['thought']);
  if (description === undefined) return undefined;
  const at = number(args['thoughtNumber'] ?? args['thought_number']);
  const isRevision = args['isRevision'] === true || args['is_revision'] === true;
  return {
    ...(at !== undefined && Number.isInteger(at) && at > 0 && { step_index: at - 1 }),
    step_type: isRevision ? 'revision' : 'reasoning',
    description,
  };
};

/** Tools by plain name, and the agents that have them (their versions of November 2026). */
const PLAN_TOOLS: Readonly<Record<string, Read>> = {
  todowrite: todos, // Claude Code, opencode, Qwen Code, Cursor, Amp, Goose
  writetodos: todos, // Gemini CLI, Deep Agents
  updatetodolist: todos, // Roo Code
  managetodolist: todos, // Copilot in VS Code
  updateplan: todos, // codex
  createplan: todos, // Cursor
  taskcreate: created, // Claude Code
  taskupdate: changed, // Claude Code
  exitplanmode: presented, // Claude Code, Gemini CLI, Qwen Code, Copilot CLI
  planmoderespond: (args) => {
    const description = wordsOf(args['response']); // Cline
    return description === undefined ? undefined : { step_type: 'planning', description };
  },
  enterplanmode: begun, // Claude Code, Gemini CLI
  sequentialthinking: thought, // MCP server of that name
  think: thought, // a tool of Anthropic's cookbook
};

function actionsOf(given: unknown, isProse = true): Action[] {
  if (typeof given === 'string') {
    const parsed = given.trimStart().startsWith('[') ? parseJson(given) : undefined;
    return Array.isArray(parsed) ? actionsOf(parsed) : linesOf(given, isProse);
  }
  const actions: Action[] = [];
  for (const entry of list(given).slice(0, MAX_ACTIONS)) {
    const item: Json = isObject(entry) ? entry : { content: entry };
    const action = wordsOf(item['content'] ?? item['step'] ?? item['title'] ?? item['description'] ?? item['text']);
    const status = wordOf(item['status']);
    if (action !== undefined) actions.push({ action, ...(status !== undefined && { status }) });
  }
  return actions;
}

/** The items of a Markdown list; of prose without one, the whole as one item. */
function linesOf(given: string, isProse: boolean): Action[] {
  const actions: Action[] = [];
  for (const line of given.slice(0, 1 << 16).split('\n')) {
    const [, mark, action] = /^\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[([ xX~-])\]\s+)?(\S.*)$/.exec(line) ?? [];
    if (action === undefined || actions.length >= MAX_ACTIONS) continue;
    const status = mark === undefined ? undefined : (MARKS[mark.toLowerCase()] ?? 'in_progress');
    actions.push({ action: action.slice(0, MAX_TEXT), ...(status !== undefined && { status }) });
  }
  const whole = isProse && actions.length === 0 ? wordsOf(given) : undefined;
  return whole === undefined ? actions : [{ action: whole }];
}

const MARKS: Readonly<Record<string, string>> = { ' ': 'pending', x: 'completed' };

function wordsOf(value: unknown): string | undefined {
  return text(value)?.slice(0, MAX_TEXT);
}

function wordOf(value: unknown): string | undefined {
  const word = text(value);
  return word !== undefined && /^[A-Za-z_ -]{1,24}$/.test(word) ? word : undefined;
}
