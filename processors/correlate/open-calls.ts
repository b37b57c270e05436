import type { Agent, Call } from './state.ts';

/** Model calls whose span has not left yet, by process and request id. */
export class OpenCalls {
  /** By key of their agent. */
  readonly #calls = new Map<string, Map<string, Call>>();

  add(call: Call): void {
    const { agent, request } = call;
    let calls = this.#calls.get(agent.key);
    if (!calls) {
      calls = new Map();
      this.#calls.set(agent.key, calls);
    }
    calls.set(request.data.request_id, call);
  }

  get(agent: Agent, requestId: string | undefined): Call | undefined {
    return requestId === undefined ? undefined : this.#calls.get(agent.key)?.get(requestId);
  }

  /** The span of a call has left, or never will: its input is let go, and what only the span needed. */
  done(call: Call): void {
    const calls = this.#calls.get(call.agent.key);
    if (calls?.delete(call.request.data.request_id) && calls.size === 0) this.#calls.delete(call.agent.key);
    call.claim.release();
    const { messages: _, tools: __, ...request } = call.request.data;
    call.request = { ...call.request, data: request, attrs: {} };
    call.view = { ...call.view, keys: {} };
    if (!call.response) return;
    const { choices: ___, ...response } = call.response.data;
    call.response = { ...call.response, data: response, attrs: {} };
  }

  of(agent: Agent): Call[] {
    return [...(this.#calls.get(agent.key)?.values() ?? [])].filter((call) => call.agent === agent);
  }
}
