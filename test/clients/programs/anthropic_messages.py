"""anthropic for Python, Messages. usage: anthropic_messages.py PORT"""

from anthropic import Anthropic
from cell import TOOLS, result_of, turns

MODEL = "claude-opus-5"
TOOL_LIST = [{"name": n, "description": t["description"], "input_schema": t["parameters"]} for n, t in TOOLS.items()]


def converse(client, turn):
    messages, results = [{"role": "user", "content": turn.prompt}], []
    while True:
        more = {"tools": TOOL_LIST} if turn.has_tools else {}
        request = {"model": MODEL, "max_tokens": 1024, "messages": messages, **more}
        if turn.is_streamed:
            with client.messages.stream(**request) as stream:
                answer = stream.get_final_message()
        else:
            answer = client.messages.create(**request)
        calls = [{"id": b.id, "name": b.name, "arguments": b.input} for b in answer.content if b.type == "tool_use"]
        usage = answer.usage
        turn.tell(
            asked=MODEL,
            results=results,
            id=answer.id,
            model=answer.model,
            finish=answer.stop_reason,
            text="".join(b.text for b in answer.content if b.type == "text"),
            calls=calls,
            usage={
                "input": usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens,
                "output": usage.output_tokens,
                "cached": usage.cache_read_input_tokens,
                "written": usage.cache_creation_input_tokens,
            },
        )
        if not calls:
            return
        messages.append({"role": "assistant", "content": [b.model_dump(exclude_none=True) for b in answer.content]})
        results = [{"id": c["id"], "content": result_of(c)} for c in calls]
        parts = [{"type": "tool_result", "tool_use_id": r["id"], "content": r["content"]} for r in results]
        messages.append({"role": "user", "content": parts})


clients = {}
for origin, turn in turns("anthropic messages", "api.anthropic.com"):
    if origin not in clients:
        clients[origin] = Anthropic(base_url=origin, api_key="sk-ant-x", max_retries=0)
    converse(clients[origin], turn)
