import type { Agent, Call } from './state.ts';

/** Model calls whose span has not left yet, by process and request id. */
export class OpenCalls {
  readonly #calls = new Map<string, Call>();

  add(call: Call): void {
    this.#calls.set(keyOf(call.agent, call.request.data.request_id), call);
  }

  get(agent: Agent, requestId: string | undefined): Call | undefined {
    return requestId === undefined ? undefined : this.#calls.get(keyOf(agent, requestId));
  }

  /** The span of a call has left, or never will: its input is let go, and what only the span needed. */
  done(call: Call): void {
    this.#calls.delete(keyOf(call.agent, call.request.data.request_id));
    call.claim.release();
    const { messages: _, tools: __, ...request } = call.request.data;
    call.request = { ...call.request, data: request, attrs: {} };
    call.view = { ...call.view, keys: {} };
    if (!call.response) return;
    const { choices: ___, ...response } = call.response.data;
    call.response = { ...call.response, data: response, attrs: {} };
  }

  of(agent: Agent): Call[] {
    return [...this.#calls.values()].filter((call) => call.agent === agent);
  }
}

function keyOf(agent: Agent, requestId: string): string {
  return `${agent.key} ${requestId}`;
}
