"""google-genai for Python. usage: genai.py PORT"""

from cell import TOOLS, result_of, turns
from google import genai
from google.genai import types

MODEL = "gemini-3-flash"
DECLARED = [
    types.FunctionDeclaration(name=n, description=t["description"], parameters_json_schema=t["parameters"])
    for n, t in TOOLS.items()
]


def converse(client, turn):
    contents, results = [types.Content(role="user", parts=[types.Part(text=turn.prompt)])], []
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=DECLARED)] if turn.has_tools else None)
    while True:
        request = {"model": MODEL, "contents": contents, "config": config}
        if turn.is_streamed:
            chunks = list(client.models.generate_content_stream(**request))
        else:
            chunks = [client.models.generate_content(**request)]
        last = chunks[-1]
        parts = [p for chunk in chunks for p in chunk.candidates[0].content.parts or []]
        calls = [{"name": p.function_call.name, "arguments": p.function_call.args} for p in parts if p.function_call]
        usage = last.usage_metadata
        turn.tell(
            asked=MODEL,
            results=results,
            id=last.response_id,
            model=last.model_version,
            finish=last.candidates[0].finish_reason.value,
            text="".join(p.text or "" for p in parts),
            calls=calls,
            usage={
                "input": usage.prompt_token_count,
                "output": usage.candidates_token_count,
                "cached": usage.cached_content_token_count,
                "reasoning": usage.thoughts_token_count,
            },
        )
        if not calls:
            return
        contents.append(types.Content(role="model", parts=parts))
        results = [{"name": c["name"], "content": result_of(c)} for c in calls]
        answers = [types.Part.from_function_response(name=r["name"], response={"output": r["content"]}) for r in results]
        contents.append(types.Content(role="user", parts=answers))


clients = {}
for origin, turn in turns("google-genai", "generativelanguage.googleapis.com"):
    if origin not in clients:
        clients[origin] = genai.Client(api_key="AIza-x", http_options=types.HttpOptions(base_url=origin))
    converse(clients[origin], turn)
