"""openai for Python, Responses. usage: openai_responses.py PORT"""

import json

from cell import TOOLS, result_of, turns
from openai import OpenAI

MODEL = "gpt-5.1"
TOOL_LIST = [
    {"type": "function", "name": name, "description": t["description"], "parameters": t["parameters"], "strict": False}
    for name, t in TOOLS.items()
]


def converse(client, turn):
    items, results = [{"role": "user", "content": turn.prompt}], []
    while True:
        request = {"model": MODEL, "input": items, **({"tools": TOOL_LIST} if turn.has_tools else {})}
        if turn.is_streamed:
            with client.responses.stream(**request) as stream:
                answer = stream.get_final_response()
        else:
            answer = client.responses.create(**request)
        found = [item for item in answer.output if item.type == "function_call"]
        calls = [{"id": c.call_id, "name": c.name, "arguments": json.loads(c.arguments)} for c in found]
        usage = answer.usage
        turn.tell(
            asked=MODEL,
            results=results,
            id=answer.id,
            model=answer.model,
            finish=answer.status,
            text=answer.output_text,
            calls=calls,
            usage={
                "input": usage.input_tokens,
                "output": usage.output_tokens,
                "cached": usage.input_tokens_details.cached_tokens,
                "reasoning": usage.output_tokens_details.reasoning_tokens,
            },
        )
        if not calls:
            return
        for c in found:
            items.append({"type": "function_call", "call_id": c.call_id, "name": c.name, "arguments": c.arguments})
        results = [{"id": c["id"], "content": result_of(c)} for c in calls]
        for result in results:
            items.append({"type": "function_call_output", "call_id": result["id"], "output": result["content"]})


clients = {}
for origin, turn in turns("openai responses", "api.openai.com"):
    if origin not in clients:
        clients[origin] = OpenAI(base_url=f"{origin}/v1", api_key="sk-proj-x", max_retries=0)
    converse(clients[origin], turn)
