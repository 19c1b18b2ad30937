"""Real answers of the embedded model."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from cerebras_sdk.testing import (
    ContextLengthExceeded,
    Delta,
    Finish,
    LlamaEngine,
    LocalModelError,
    RequestRefused,
    local_model_path,
    models,
    serve,
)

from .local_client import Socket, chat, client_of, events, eventually

pytestmark = pytest.mark.local

_LONG_PROMPT = "word " * 1500
_STORY = "Write a very long story about a dog."


@pytest.fixture(scope="module")
def model_file() -> Path:
    try:
        return local_model_path(download=False)
    except LocalModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def engine(model_file: Path) -> Iterator[LlamaEngine]:
    with LlamaEngine(model_file) as engine:
        yield engine


@pytest.fixture
def client(engine: LlamaEngine) -> Iterator[httpx.Client]:
    with serve(engine) as server, client_of(server) as client:
        client.timeout = httpx.Timeout(60)
        yield client


def _ask(engine: LlamaEngine, text: str, **fields: Any) -> tuple[str, Finish]:
    said: list[Delta] = []

    def emit(delta: Delta) -> bool:
        said.append(delta)
        return True

    finish = engine.answer(chat(text, **fields), emit)
    return "".join(delta.content or "" for delta in said), finish


def test_a_question_gets_a_real_answer_in_many_pieces(
    client: httpx.Client, engine: LlamaEngine
) -> None:
    answer = client.post(
        "/v1/chat/completions",
        json=chat("Explain recursion in one paragraph.", stream=True, temperature=0),
    )
    *chunks, done = events(answer.text)
    said = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "function" in "".join(said)
    assert len(said) > 5
    assert done == "[DONE]"
    assert {chunk["model"] for chunk in chunks} == {engine.model}
    last = chunks[-1]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["completion_tokens"] >= len(said) - 2
    assert last["usage"]["prompt_tokens"] > 10
    assert 0 < last["time_info"]["completion_time"] < last["time_info"]["total_time"]


@pytest.mark.parametrize("fields", [{"temperature": 0}, {"temperature": 0.9, "seed": 7}])
def test_the_same_question_gets_the_same_answer(
    engine: LlamaEngine, fields: dict[str, Any]
) -> None:
    answers = {_ask(engine, "Name three colours.", max_tokens=30, **fields)[0] for _ in range(3)}
    assert len(answers) == 1
    assert answers != {""}


def test_another_seed_gets_another_answer(engine: LlamaEngine) -> None:
    answers = {_ask(engine, _STORY, max_tokens=30, temperature=1, seed=n)[0] for n in range(3)}
    assert len(answers) > 1


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_an_answer_is_cut_at_the_cap(engine: LlamaEngine, name: str) -> None:
    _, finish = _ask(engine, _STORY, **{name: 7})
    assert (finish.reason, finish.completion_tokens) == ("length", 7)


def test_an_answer_ends_before_a_stop_text(engine: LlamaEngine) -> None:
    said, finish = _ask(engine, _STORY, max_tokens=60, temperature=0, stop=["dog"])
    assert said
    assert "dog" not in said
    assert finish.reason == "stop"


def test_a_schema_is_followed(client: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer", "maximum": 9}}}
    schema["required"] = ["age"]
    shape = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": schema}}
    answer = client.post(
        "/v1/chat/completions", json=chat("How old is Tom?", response_format=shape, temperature=0)
    )
    assert "age" in httpx.Response(200, text=_content(answer)).json()


def test_a_schema_that_cannot_be_followed_is_refused(client: httpx.Client) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "nonsense"}}}
    answer = client.post("/v1/chat/completions", json=chat(response_format=shape))
    assert (answer.status_code, answer.json()["param"]) == (400, "response_format")


def test_the_whole_conversation_is_read(client: httpx.Client) -> None:
    last = {"role": "user", "content": "What is my name?"}
    conversation = [
        {"role": "developer", "content": "You are a terse assistant."},
        {"role": "user", "content": [{"type": "text", "text": "My name is Zora."}]},
        {"role": "assistant", "content": "Hello Zora!", "reasoning": "A name."},
        last,
    ]
    short, long = (
        client.post("/v1/chat/completions", json=chat(max_tokens=1) | {"messages": messages}).json()
        for messages in ([conversation[0], last], conversation)
    )
    # The words of two more messages and the marks around them.
    assert long["usage"]["prompt_tokens"] - short["usage"]["prompt_tokens"] > 15


def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(
    engine: LlamaEngine, client: httpx.Client
) -> None:
    with pytest.raises(
        ContextLengthExceeded, match=r"Current length is 90\d\d while limit is 2048"
    ):
        _ask(engine, "word " * 9000)
    answer = client.post("/v1/chat/completions", json=chat("word " * 9000, stream=True))
    assert (answer.status_code, answer.json()["code"]) == (400, "context_length_exceeded")


def test_an_image_is_refused(engine: LlamaEngine) -> None:
    request = chat() | {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}
    with pytest.raises(RequestRefused, match=f"Model {engine.model} does not support image inputs"):
        engine.answer(request, lambda delta: True)


def test_an_answer_is_given_up_at_the_next_token(engine: LlamaEngine) -> None:
    said: list[Delta] = []

    def emit(delta: Delta) -> bool:
        said.append(delta)
        return sum(bool(delta.content) for delta in said) < 3

    engine.answer(chat(_STORY), emit)
    assert sum(bool(delta.content) for delta in said) == 3


def test_an_error_of_the_listener_is_not_lost(engine: LlamaEngine) -> None:
    def emit(delta: Delta) -> bool:
        raise LookupError("the listener")

    with pytest.raises(LookupError, match="the listener"):
        engine.answer(chat(_STORY), emit)


@pytest.mark.parametrize("text", [_STORY, _LONG_PROMPT], ids=["answering", "reading"])
def test_a_client_that_leaves_frees_the_model(engine: LlamaEngine, text: str) -> None:
    with serve(engine) as server:
        client = Socket(server)
        client.post("/v1/chat/completions", chat(text, seed=1))
        eventually(lambda: engine._native._running == 1)
        client.close()
        eventually(lambda: engine._native._running == 0)


def test_leaving_the_server_does_not_wait_for_a_long_prompt(engine: LlamaEngine) -> None:
    with serve(engine) as server:
        client = Socket(server)
        client.post("/v1/chat/completions", chat(_LONG_PROMPT, seed=1))
        eventually(lambda: engine._native._running == 1)
        start = time.monotonic()
    assert time.monotonic() - start < 2
    assert engine._native._running == 0
    client.close()


def test_more_requests_than_it_can_answer_at_once_wait_for_their_turn(
    client: httpx.Client,
) -> None:
    def ask(_: int) -> str:
        body = chat("Name three colours.", temperature=0, max_tokens=20)
        return _content(client.post("/v1/chat/completions", json=body))

    with ThreadPoolExecutor(5) as pool:
        answers = set(pool.map(ask, range(5)))
    assert len(answers) == 1
    assert answers != {""}


def test_other_threads_run_while_it_thinks(engine: LlamaEngine) -> None:
    done = threading.Event()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    _ask(engine, _STORY, max_tokens=100, seed=1)
    seconds = time.monotonic() - start
    done.set()
    thread.join()
    assert ticks > 50 * seconds  # of about 900 a second


def test_engines_follow_one_another(model_file: Path) -> None:
    for _ in range(3):
        with LlamaEngine(model_file, threads=1, context=256) as engine:
            assert _ask(engine, "Hi", max_tokens=2)[1].completion_tokens == 2
        with pytest.raises(RuntimeError, match="closed"):
            _ask(engine, "Hi")


def test_the_port_that_llama_cpp_opens_answers_nobody(engine: LlamaEngine) -> None:
    address = engine._native._server.listening_address
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    answer = httpx.post(f"{address}/v1/chat/completions", json=body, trust_env=False)
    assert answer.status_code == 401


def test_a_damaged_model_is_a_clear_error(
    model_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.gguf"
    with model_file.open("rb") as file:
        damaged.write_bytes(file.read(1_000_000))
    with pytest.raises(LocalModelError, match=r"cannot load .*damaged\.gguf"):
        LlamaEngine(damaged)
    assert "damaged.gguf" in capfd.readouterr().err  # llama.cpp says why


def test_it_is_silent(model_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with LlamaEngine(model_file) as engine:
        _ask(engine, "Hi", max_tokens=2)
        with pytest.raises(ContextLengthExceeded):
            _ask(engine, "word " * 9000)
    assert capfd.readouterr() == ("", "")


_INTERRUPTED = """
import sys, httpx
from cerebras_sdk.testing import LlamaEngine, serve
body = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": sys.argv[2]}]}
headers = {"Authorization": "Bearer csk-test"}
with serve(LlamaEngine(sys.argv[1])) as server:
    print("ready", flush=True)
    httpx.post(server.base_url + "/v1/chat/completions", json=body, headers=headers, timeout=60)
"""
_ABANDONED = """
import sys, threading, time
from cerebras_sdk.testing import LlamaEngine
engine = LlamaEngine(sys.argv[1])
request = {"messages": [{"role": "user", "content": sys.argv[2]}]}
started = threading.Event()
ask = lambda: engine.answer(request, lambda delta: started.set() or True)
threading.Thread(target=ask, daemon=True).start()
started.wait(10)
"""


@pytest.mark.parametrize("text", [_STORY, _LONG_PROMPT], ids=["answering", "reading"])
def test_ctrl_c_in_the_middle_of_an_answer_ends_the_process_cleanly(
    model_file: Path, text: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", _INTERRUPTED, str(model_file), text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert "Fatal" not in errors
    assert "ResourceWarning" not in errors


@pytest.mark.parametrize("text", [_STORY, _LONG_PROMPT], ids=["answering", "reading"])
def test_a_process_that_ends_in_the_middle_of_an_answer_is_not_aborted(
    model_file: Path, text: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ABANDONED, str(model_file), text],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def _content(answer: httpx.Response) -> str:
    return str(answer.json()["choices"][0]["message"]["content"])


def test_a_damaged_file_of_the_cache_is_fetched_again(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = tmp_path / model_file.name
    cached.write_bytes(bytes(4096) + model_file.read_bytes()[4096:])
    monkeypatch.setattr(models, "_cache_folder", lambda: tmp_path)
    monkeypatch.setattr(
        models, "_fetch", lambda model, path, report: shutil.copyfile(model_file, path)
    )
    with LlamaEngine() as engine:
        assert _ask(engine, "Hi")[0]
    assert cached.read_bytes() == model_file.read_bytes()


def test_a_damaged_file_of_the_users_own_is_left_alone(model_file: Path, tmp_path: Path) -> None:
    own = tmp_path / model_file.name
    own.write_bytes(b"GGUF" + bytes(4096))
    with pytest.raises(LocalModelError, match="cannot load"):
        LlamaEngine(own)
    assert own.exists()


def test_without_the_extra_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setattr(models, "_fetch", lambda *_: pytest.fail("it was fetched"))
    with pytest.raises(LocalModelError, match=r"\[local\]"):
        LlamaEngine()


@pytest.mark.parametrize("prompt", ["The capital of France is", [504, 3575, 282, 4649, 314]])
def test_a_text_or_its_tokens_are_continued_as_they_are(
    client: httpx.Client, prompt: object
) -> None:
    body = {"model": "gpt-oss-120b", "prompt": prompt, "max_tokens": 2, "temperature": 0}
    answer = client.post("/v1/completions", json=body).json()
    assert answer["choices"][0]["text"].startswith(" Paris")
    assert answer["choices"][0]["finish_reason"] == "length"
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (5, 2)
    *chunks, done = events(client.post("/v1/completions", json=body | {"stream": True}).text)
    assert done == "[DONE]"
    assert "".join(c["choices"][0]["text"] for c in chunks) == answer["choices"][0]["text"]


def test_a_prompt_longer_than_the_context_is_told_in_numbers(client: httpx.Client) -> None:
    body = {"model": "gpt-oss-120b", "prompt": _LONG_PROMPT * 2}
    answer = client.post("/v1/completions", json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "context_length_exceeded"
