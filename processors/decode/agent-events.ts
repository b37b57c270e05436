import type { OispEvent, PlanStepData, RetrieveData, ToolCall } from '../../core/index.ts';
import { type Call, callEvent, type Named, toolAttrs, toolCallEvent } from './call.ts';
import type { Retrieval } from './flavour.ts';
import { planStepOf } from './plan.ts';
import { retrieveDataOf } from './retrieval/event.ts';
import type { Mark } from './stream/mark.ts';

/** The events of a tool call that the answer asks for: the call, and beside it the step of a plan where the tool keeps one. */
export function toolEvents(call: Call<Named>, tool: ToolCall, index: number, mark: Mark): OispEvent[] {
  const event = toolCallEvent(call, tool, index, mark);
  const step = planStepOf(tool);
  if (step === undefined) return [event];
  const data: PlanStepData = {
    ...agentOf(call),
    ...step,
    request_id: call.requestId,
    call_id: tool.id ?? `${call.requestId}.${index}`,
  };
  const place = { ...call.place, dir: 'received' as const, index };
  const attrs = toolAttrs(call.attrs, tool.id === undefined);
  return [event, callEvent(call, 'agent.plan_step', mark, place, [], data, attrs)];
}

/** The look-ups that the provider made for an answer. */
export function retrievalEvents(call: Call<Named>, retrievals: readonly Retrieval[], mark: Mark): OispEvent[] {
  return retrievals.map((retrieval, index) => {
    const data: RetrieveData = {
      ...agentOf(call),
      ...retrieveDataOf(retrieval, call.head.provider?.oisp ?? 'other'),
      request_id: call.requestId,
    };
    const place = { ...call.place, dir: 'received' as const, index };
    return callEvent(call, 'agent.rag_retrieve', mark, place, [], data, toolAttrs(call.attrs, false));
  });
}

/** The agent, where the call's program is a known one. */
function agentOf(call: Call<Named>): { agent?: { name: string; version?: string; session_id?: string } } {
  const app = call.first.event.app ?? call.identity?.caller.app;
  const name = app?.app_id ?? app?.name;
  if (name === undefined) return {};
  const session = call.attrs['oisp.session.id'];
  return {
    agent: {
      name,
      ...(app?.version !== undefined && { version: app.version }),
      ...(typeof session === 'string' && { session_id: session }),
    },
  };
}
