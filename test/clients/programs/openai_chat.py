"""openai for Python, Chat Completions: `sync`, `async`, or `http2` (httpx with http2=True). usage: openai_chat.py KIND PORT"""

import asyncio, sys

kind = sys.argv.pop(1)
import httpx
from cell import CHAT_TOOLS, chat_call, chat_messages, result_of, turns
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-5.1"
NAMES = {"sync": "openai chat completions", "async": "AsyncOpenAI chat completions", "http2": "openai, httpx http2=True"}


def request_of(turn, messages):
    more = {"tools": CHAT_TOOLS} if turn.has_tools else {}
    return {"model": MODEL, "messages": messages, **more}


def converse(client, turn):
    messages, results = [{"role": "user", "content": turn.prompt}], []
    while True:
        request = request_of(turn, messages)
        if turn.is_streamed:
            with client.chat.completions.stream(**request, stream_options={"include_usage": True}) as stream:
                answer = stream.get_final_completion()
        else:
            answer = client.chat.completions.create(**request)
        call = chat_call(answer)
        turn.tell(asked=MODEL, results=results, **call)
        if not call["calls"]:
            return
        results = [{"id": c["id"], "content": result_of(c)} for c in call["calls"]]
        messages.extend(chat_messages(answer.choices[0].message, results))


async def converse_async(client, turn):
    messages, results = [{"role": "user", "content": turn.prompt}], []
    while True:
        request = request_of(turn, messages)
        if turn.is_streamed:
            async with client.chat.completions.stream(**request, stream_options={"include_usage": True}) as stream:
                answer = await stream.get_final_completion()
        else:
            answer = await client.chat.completions.create(**request)
        call = chat_call(answer)
        turn.tell(asked=MODEL, results=results, **call)
        if not call["calls"]:
            return
        results = [{"id": c["id"], "content": result_of(c)} for c in call["calls"]]
        messages.extend(chat_messages(answer.choices[0].message, results))


async def all_async():
    clients = {}
    for origin, turn in turns(NAMES[kind], "api.openai.com"):
        client = clients.setdefault(origin, AsyncOpenAI(base_url=f"{origin}/v1", api_key="sk-proj-x", max_retries=0))
        await converse_async(client, turn)


if kind == "async":
    asyncio.run(all_async())
else:
    clients = {}
    for origin, turn in turns(NAMES[kind], "api.openai.com"):
        if origin not in clients:
            more = {"http_client": httpx.Client(http2=True)} if kind == "http2" else {}
            clients[origin] = OpenAI(base_url=f"{origin}/v1", api_key="sk-proj-x", max_retries=0, **more)
        converse(clients[origin], turn)
