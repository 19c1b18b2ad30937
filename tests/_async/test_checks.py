"""Request checks: what the service would refuse is not sent, and costs nothing."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    BadRequestError,
    InvalidRequestError,
    RequestCheckError,
    RequestCheckWarning,
)
from cerebras_sdk.testing import LocalServer, serve

pytestmark = pytest.mark.anyio

HI = {"role": "user", "content": "Hi"}
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [HI]}
WRONG: dict[str, Any] = {**CALL, "temperature": 3}


async def test_what_would_be_refused_is_not_sent(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(RequestCheckError, match=r"temperature.*0 to 2") as caught:
            await client.chat.completions.create(**WRONG)
        with pytest.raises(InvalidRequestError):
            await client.chat.completions.create(**WRONG, stream=True)
    [finding] = caught.value.findings
    assert (finding.code, finding.path) == ("parameter_range", "temperature")
    assert server.requests == []
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.findings) == (str(caught.value), caught.value.findings)


async def test_the_extra_body_is_checked_with_the_rest(
    options: dict[str, Any], server: LocalServer
) -> None:
    history = [HI, {"role": "assistant", "content": "Ho", "reasoning_content": "Hm"}, HI]
    async with AsyncCerebras(**options) as client:
        for extra, path in (
            ({"min_p": 0.1}, "min_p"),
            ({"messages": history}, r"messages\[1\].reasoning_content"),
            ({"tool_choice": "auto"}, "tool_choice"),
        ):
            with pytest.raises(RequestCheckError, match=path):
                await client.chat.completions.create(**CALL, extra_body=extra)
        # As a message it is converted, so there is nothing to refuse.
        await client.chat.completions.create(model="gpt-oss-120b", messages=history)
    assert len(server.requests) == 1


async def test_warn_sends_it_and_warns_at_the_line_of_the_call(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, checks="warn") as client:
        with (
            pytest.warns(RequestCheckWarning, match="would refuse.*temperature") as warned,
            pytest.raises(BadRequestError, match="temperature"),
        ):
            await client.chat.completions.create(**WRONG)
        with (
            pytest.warns(RequestCheckWarning) as streamed,
            pytest.raises(BadRequestError),
        ):
            await client.chat.completions.create(**WRONG, stream=True, on_interrupt="continue")
        with pytest.warns(RequestCheckWarning) as raw, pytest.raises(BadRequestError):
            await client.chat.completions.with_raw_response.create(**WRONG)
    for seen in (warned, streamed, raw):
        assert [warning.filename for warning in seen] == [__file__]
    message: Any = warned[0].message
    assert [finding.path for finding in message.findings] == ["temperature"]
    assert len(server.requests) == 3


async def test_off_leaves_everything_to_the_service(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, checks="off") as client:
        with pytest.raises(BadRequestError):
            await client.chat.completions.create(**WRONG)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(BadRequestError):
            await client.chat.completions.create(**WRONG, checks="off")
        with pytest.raises(BadRequestError):
            await client.with_options(checks="off").chat.completions.create(**WRONG)
    assert len(server.requests) == 3


async def test_a_call_is_stronger_than_its_client(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options, checks="off") as client:
        with pytest.raises(RequestCheckError):
            await client.chat.completions.create(**WRONG, checks="error")
        copy = client.with_options(max_retries=0)
        with pytest.raises(BadRequestError):
            await copy.chat.completions.create(**WRONG)


async def test_a_model_that_nobody_knows_is_never_blocked() -> None:
    with serve(models=["tomorrow-1", "my-org-gpt-oss-120b", "gpt-oss-120b"]) as server:
        async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
            for model in ("tomorrow-1", "my-org-gpt-oss-120b"):
                with (
                    pytest.warns(RequestCheckWarning, match="may refuse.*tool_choice"),
                    pytest.raises(BadRequestError),
                ):
                    await client.chat.completions.create(
                        model=model, messages=[HI], tool_choice="none"
                    )
            mine = client.with_options(aliases={"gpt-oss-120b": "gpt-oss-120b"})
            with (
                pytest.warns(RequestCheckWarning, match="may refuse"),
                pytest.raises(BadRequestError),
            ):
                await mine.chat.completions.create(**CALL, tool_choice="none")
    assert len(server.requests) == 3


async def test_what_is_right_gives_no_warning(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            await client.chat.completions.create(**CALL, temperature=0.5)


async def test_a_text_completion_is_checked_by_its_client(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(RequestCheckError, match="top_p"):
            await client.completions.create(model="gpt-oss-120b", prompt="Hi", top_p=2)
        with pytest.raises(RequestCheckError, match="131,072"):
            await client.completions.create(model="gpt-oss-120b", prompt=[1] * 131_073)
        with pytest.raises(BadRequestError):
            await client.with_options(checks="off").completions.create(
                model="gpt-oss-120b", prompt="Hi", top_p=2
            )
    assert len(server.requests) == 1


@pytest.mark.parametrize("value", ["on", True, False, 0, "", [], ["error"]])
async def test_there_are_three_ways_to_check(options: dict[str, Any], value: Any) -> None:
    with pytest.raises(InvalidRequestError, match='"error", "warn" or "off"'):
        AsyncCerebras(**options, checks=value)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match='"error", "warn" or "off"'):
            client.with_options(checks=value)
        with pytest.raises(InvalidRequestError, match='"error", "warn" or "off"'):
            await client.chat.completions.create(**CALL, checks=value)
        with pytest.raises(InvalidRequestError, match='"error", "warn" or "off"'):
            await client.completions.create(model="gpt-oss-120b", prompt="Hi", checks=value)


async def test_a_text_completion_has_checks_of_its_own(
    options: dict[str, Any], server: LocalServer
) -> None:
    call: dict[str, Any] = {"model": "gpt-oss-120b", "prompt": "Hi", "top_p": 2}
    async with AsyncCerebras(**options) as client:
        with pytest.raises(RequestCheckError):
            await client.completions.create(**call, checks="error")
        with pytest.raises(BadRequestError):
            await client.completions.create(**call, checks="off")
        with pytest.warns(RequestCheckWarning, match="top_p"), pytest.raises(BadRequestError):
            await client.completions.create(**call, checks="warn")
        with pytest.raises(RequestCheckError):
            await client.completions.create(**call, checks=None)
    assert len(server.requests) == 2
