"""What the client programs share. usage: PROGRAM.py PORT"""

import json, sys

(port,) = sys.argv[1:]
SCENARIOS = ("plain", "stream", "tools", "tools stream")
LONG = " Rain?" * 5000  # the first request of each connection is a large one

TOOLS = {
    "get_weather": {
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "units": {"type": "string"}},
            "required": ["city"],
        },
        "run": lambda a: f'14 °C in {a["city"]}, "rain"',
    },
    "get_time": {
        "description": "The time in a zone.",
        "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]},
        "run": lambda a: f'noon in {a["zone"]}',
    },
}
CHAT_TOOLS = [
    {"type": "function", "function": {"name": name, "description": t["description"], "parameters": t["parameters"], "strict": True}}
    for name, t in TOOLS.items()
]


class Turn:
    """One scenario at one host: what is asked, and where each call is told as the SDK reports it."""

    def __init__(self, client, host, scenario, ordinal):
        self.is_streamed = scenario.endswith("stream")
        self.has_tools = scenario.startswith("tools")
        more = LONG if scenario == "plain" else ""
        self.prompt = f"<{scenario.split()[0]} {ordinal}> What is it like in Paris?{more}"
        self.at = {
            "client": client,
            "runtime": "Python",
            "host": host,
            "scenario": scenario,
            "prompt": self.prompt,
            "isStreamed": self.is_streamed,
        }

    def tell(self, **call):
        print(json.dumps({**self.at, **call}), flush=True)


def turns(client, provider):
    """(origin, turn) for every scenario, by the name of this machine and by that of the provider."""
    ordinal = 0
    for host in ("localhost", provider):
        for scenario in SCENARIOS:
            yield f"https://{host}:{port}", Turn(client, host, scenario, ordinal)
            ordinal += 1


def result_of(call):
    """What the local tool answers to a call as it is told."""
    return TOOLS[call["name"]]["run"](call["arguments"])


def chat_call(answer):
    """A whole chat completion, of openai or litellm, as it is told."""
    choice, usage = answer.choices[0], answer.usage
    calls = [
        {"id": c.id, "name": c.function.name, "arguments": json.loads(c.function.arguments)}
        for c in choice.message.tool_calls or []
    ]
    return {
        "id": answer.id,
        "model": answer.model,
        "finish": choice.finish_reason,
        "text": choice.message.content or "",
        "calls": calls,
        "usage": {
            "input": usage.prompt_tokens,
            "output": usage.completion_tokens,
            "cached": usage.prompt_tokens_details.cached_tokens,
            "reasoning": getattr(usage.completion_tokens_details, "reasoning_tokens", None),
        },
    }


def chat_messages(message, results):
    """What a chat's next request has more: the calls and their results."""
    calls = [
        {"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}}
        for c in message.tool_calls
    ]
    yield {"role": "assistant", "content": message.content, "tool_calls": calls}
    for result in results:
        yield {"role": "tool", "tool_call_id": result["id"], "content": result["content"]}
