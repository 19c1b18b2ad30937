"""What a type checker must see of `tool`; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_type

from cerebras_sdk import AsyncCerebras, Cerebras, FunctionTool, tool
from cerebras_sdk.types import Message


@tool
def add(a: int, b: int = 0) -> int:
    return a + b


@tool(name="greet", description="Greets.", strict=True)
def greet(name: str) -> str:
    return name


class Shop:
    @tool
    def price(self, item: str) -> float:
        return len(item)

    @classmethod
    @tool
    def place(cls, town: str) -> str:
        return town

    @staticmethod
    @tool
    def double(number: int) -> int:
        return 2 * number

    @tool
    @classmethod
    def open_at(cls, hour: int) -> bool:
        return hour > 8

    @tool
    @staticmethod
    def tax(price: float) -> float:
        return price / 5


@tool
async def later(seconds: int) -> str:
    return str(seconds)


def called(shop: Shop) -> None:
    assert_type(add(1, b=2), int)
    assert_type(greet("Ada"), str)
    assert_type(shop.price("tea"), float)
    assert_type(Shop.price(shop, "tea"), float)
    assert_type(shop.place("Oslo"), str)
    assert_type(Shop.place("Oslo"), str)
    assert_type(shop.double(2), int)
    assert_type(Shop.double(2), int)
    assert_type(shop.open_at(9), bool)
    assert_type(Shop.tax(1.0), float)
    add("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    shop.price()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    shop.place(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    shop.double("2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def awaited() -> None:
    assert_type(await later(1), str)


def known(shop: Shop) -> None:
    named: FunctionTool[Callable[[str], str]] = greet
    assert_type(named.name, str)
    assert_type(named.description, str)
    assert_type(named.parameters, dict[str, Any])
    assert_type(named.strict, bool)
    every: list[FunctionTool[Any]] = [add, greet, shop.price]
    assert every


def given(client: Cerebras, aclient: AsyncCerebras, shop: Shop) -> None:
    tools = [add, greet, shop.price]
    both = [add, later]
    declared = {"type": "function", "function": {"name": "order"}}
    client.chat.completions.create(messages=[], tools=tools)
    runner = client.chat.completions.run_tools(messages=[], tools=tools)
    aclient.chat.completions.run_tools(messages=[], tools=both)
    client.conversation(tools=tools)
    client.chat.completions.run_tools(messages=[], tools=[add, declared, max])
    client.chat.completions.run_tools(
        messages=[],
        tools=[5],  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    )
    for message in runner:
        if not isinstance(message, Message):
            print(message["content"])
    answer = {"role": "tool", "tool_call_id": "call_a", "content": "by phone"}
    client.chat.completions.run_tools(messages=[*runner.messages, answer], tools=tools)
