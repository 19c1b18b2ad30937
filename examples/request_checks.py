"""Requests that the service would refuse: `python examples/request_checks.py`, with a key set."""

from __future__ import annotations

from typing import Any

from cerebras_sdk import Cerebras, RequestCheckError

HI = {"role": "user", "content": "Hi"}
CALL = {"id": "a1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
FORM = {"type": "json_schema", "json_schema": {"name": "sum", "strict": True, "schema": {}}}
WRONG: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": "word " * 300_000}]},
    {"messages": [HI], "tools": [ADD], "response_format": FORM},
    {"messages": [HI, {"role": "assistant", "tool_calls": [CALL]}, HI], "temperature": 3},
    {"messages": [HI], "reasoning_effort": "none"},
]


def main() -> None:
    with Cerebras() as client:
        for request in WRONG:
            try:
                client.chat.completions.create(model="gpt-oss-120b", **request)
            except RequestCheckError as error:
                for finding in error.findings:
                    print(f"{finding.path}: {finding.message}")
                    print(f"    {finding.advice}")
        print(client.chat.completions.create(model="gpt-oss-120b", messages=[HI]).text)


if __name__ == "__main__":
    main()
