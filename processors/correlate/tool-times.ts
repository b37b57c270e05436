import type { ToolState } from './state.ts';

/**
 * When a tool call began, seen from its end: with the answer that asked for it, or with its own words where it was at work before the answer
 * had ended. Tools of one answer begin a nanosecond apart, which keeps their order.
 */
export function startOf(tool: ToolState, end: number): number {
  const { start, firstEffect, call, index } = tool;
  const answered = call.endAt;
  const first = Math.min(firstEffect ?? end, end);
  return answered !== undefined && answered <= first ? Math.max(start, answered + index) : Math.min(start, first);
}
