"""litellm: `openai` or `anthropic` behind it. usage: litellm_chat.py PROVIDER PORT"""

import os, sys

provider = sys.argv.pop(1)
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm
from cell import CHAT_TOOLS, chat_call, chat_messages, result_of, turns

litellm.suppress_debug_info = True
MODEL = {"openai": "gpt-5.1", "anthropic": "claude-opus-5"}[provider]


def converse(origin, turn):
    messages, results = [{"role": "user", "content": turn.prompt}], []
    base = f"{origin}/v1" if provider == "openai" else origin
    more = {"tools": CHAT_TOOLS} if turn.has_tools else {}
    while True:
        request = {"model": f"{provider}/{MODEL}", "messages": messages, "api_base": base, "api_key": "sk-x", **more}
        if turn.is_streamed:
            chunks = list(litellm.completion(**request, stream=True, stream_options={"include_usage": True}))
            answer = litellm.stream_chunk_builder(chunks, messages=messages)
        else:
            answer = litellm.completion(**request)
        call = chat_call(answer)
        told = {**call, "id": None, "model": None}  # its own, not those of the answer
        if provider == "anthropic":
            told["usage"]["reasoning"] = None  # likewise
        turn.tell(asked=MODEL, results=results, **told)
        if not call["calls"]:
            return
        results = [{"id": c["id"], "content": result_of(c)} for c in call["calls"]]
        messages.extend(chat_messages(answer.choices[0].message, results))


for origin, turn in turns(f"litellm {provider}", f"api.{provider}.com"):
    converse(origin, turn)
