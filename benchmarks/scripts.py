"""Programs as somebody would write them, to measure a new process from its beginning."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

from .peers import OFFICIAL, OURS

CALL = (
    "import os\n"
    "URL, HEADERS = f'{url}/v1/chat/completions', {'Authorization': 'Bearer csk-test'}\n"
    "CALL = {'model': 'gpt-oss-120b', 'messages': [{'role': 'user', 'content': 'Hi'}],"
    " 'stream': True}\n"
)
CPU = "print(time.process_time() - start, flush=True)\n"
SDK_SHOWS = """
        if text := chunk.choices[0].delta.content:
            print(text, flush=True); os._exit(0)"""
PLAIN_SHOWS = """
        if line.startswith('data: {'):
            if text := json.loads(line[6:])['choices'][0]['delta'].get('content'):
                print(text, flush=True); os._exit(0)"""
SSE_SHOWS = """
        if text := event.json()['choices'][0]['delta'].get('content'):
            print(text, flush=True); os._exit(0)"""
CREATE = "for chunk in client.chat.completions.create(**CALL):"

# What is imported and constructed, and the lines that ask, in a function.
SYNC = {
    OURS: (
        "from cerebras_sdk import Cerebras\nclient = Cerebras('csk-test', base_url=url)",
        CREATE + SDK_SHOWS,
    ),
    OFFICIAL: (
        "from cerebras.cloud.sdk import Cerebras\n"
        "client = Cerebras(api_key='csk-test', base_url=url, warm_tcp_connection=False)",
        CREATE + SDK_SHOWS,
    ),
    "openai": (
        "from openai import OpenAI\nclient = OpenAI(api_key='csk-test', base_url=url + '/v1')",
        CREATE + SDK_SHOWS,
    ),
    "requests": (
        "import json, requests\nclient = requests.Session()",
        "answer = client.post(URL, json=CALL, headers=HEADERS, stream=True)\n"
        "    for line in answer.iter_lines(decode_unicode=True):" + PLAIN_SHOWS,
    ),
    "httpx": (
        "import json, httpx\nclient = httpx.Client()",
        "with client.stream('POST', URL, json=CALL, headers=HEADERS) as answer:\n"
        "      for line in answer.iter_lines():" + PLAIN_SHOWS,
    ),
    "httpx-sse": (
        "import httpx, httpx_sse\nclient = httpx.Client()",
        "with httpx_sse.connect_sse(client, 'POST', URL, json=CALL, headers=HEADERS) as source:\n"
        "      for event in source.iter_sse():" + SSE_SHOWS,
    ),
}
AIOHTTP = (
    "import aiohttp, json",
    "async with aiohttp.ClientSession() as client:\n"
    "      async with client.post(URL, json=CALL, headers=HEADERS) as answer:\n"
    "       async for data in answer.content:\n        line = data.decode()" + PLAIN_SHOWS,
)
TO_ASYNC = {
    "for ": "async for ",
    "with ": "async with ",
    "in client.chat": "in await client.chat",
    "iter_lines": "aiter_lines",
    "iter_sse": "aiter_sse",
    "httpx_sse.connect": "httpx_sse.aconnect",
    "httpx.Client": "httpx.AsyncClient",
    "Cerebras": "AsyncCerebras",
    "OpenAI": "AsyncOpenAI",
}


def program(name: str, kind: str, url: str) -> tuple[str, str]:
    """The beginning of a program, and all of it."""
    begin, ask = AIOHTTP if name == "aiohttp" else SYNC[name]
    if kind == "async" and name != "aiohttp":
        for blocking, other in TO_ASYNC.items():
            begin, ask = begin.replace(blocking, other), ask.replace(blocking, other)
    begin = f"url = {url!r}\n{begin}\n"
    if kind == "sync":
        return begin, f"{begin}{CALL}def main():\n    {ask}\nmain()\n"
    return (
        begin,
        f"{begin}import asyncio\n{CALL}async def main():\n    {ask}\nasyncio.run(main())\n",
    )


def cold(asked: dict[str, Any]) -> float:
    """Milliseconds on the clock, from starting the process to the first text that it prints."""
    _, whole = program(asked["peer"], asked["kind"], f"{asked['url']}/one/{asked['events']}")
    start = time.perf_counter()
    said = first_line(whole)
    took = time.perf_counter() - start
    if not said.strip().startswith("token"):
        raise SystemExit(f"{asked['peer']} ({asked['kind']}) printed {said!r}")
    return took * 1000


def begin(asked: dict[str, Any]) -> float:
    """Milliseconds of CPU for the import and the first client."""
    beginning, _ = program(asked["peer"], asked["kind"], asked["url"])
    script = f"import time; start = time.process_time()\n{beginning}{CPU}"
    return float(first_line(script)) * 1000


def first_line(script: str) -> str:
    # Bytecode is cached for every peer, as it is for whoever has started a program before.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        return process.stdout.readline()
