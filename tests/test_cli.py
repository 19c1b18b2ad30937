"""The command `cerebras`, run as a person runs it."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cerebras_sdk.testing import (
    Answer,
    EchoEngine,
    LocalModelError,
    LocalServer,
    RawAnswer,
    local_model_path,
    serve,
)

CHAT = "/v1/chat/completions"
COMMAND = [sys.executable, "-m", "cerebras_sdk.cli", "chat"]


@pytest.fixture(autouse=True)
def here(server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    for name in ("FORCE_COLOR", "NO_COLOR", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_prompt_is_answered(server: LocalServer) -> None:
    done = run("Привет,", "мир!", "--system", "Be brief.", "--model", "qwen3.8-27b")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Привет, мир!\n", "")
    assert server.requests[0].json() == {
        "model": "qwen-3.8-27b",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Привет, мир!"},
        ],
        "stream": True,
    }


def test_a_piped_prompt_is_answered() -> None:
    done = run(given="from a pipe\n")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "from a pipe", "")


def test_bytes_that_are_no_text_do_not_stop_it(server: LocalServer) -> None:
    piped = subprocess.run(COMMAND, input=b"caf\xe9", capture_output=True, timeout=60, check=False)
    given = subprocess.run(
        [*map(os.fsencode, COMMAND), b"caf\xe9"], capture_output=True, timeout=60, check=False
    )
    for done in (piped, given):
        assert (done.returncode, done.stdout.decode()) == (0, "caf\ufffd\n")


def test_a_terminal_that_lacks_a_character_shows_a_question_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = run("na\u00efve")
    assert (done.returncode, done.stdout) == (0, "na?ve\n")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert run("Hi").stdout == "Hi\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_an_answer_that_cannot_be_written_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "Hi"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr.decode().startswith("cerebras: cannot write the answer: No space")
    assert done.stderr.count(b"\n") == 1


def test_closed_files_are_no_traceback() -> None:
    closing = f"{' '.join(COMMAND)} Hi >&-; echo $? >&2; {' '.join(COMMAND)} <&-; echo $? >&2"
    done = subprocess.run(["sh", "-c", closing], capture_output=True, timeout=60, check=False)
    assert b"Traceback" not in done.stderr
    assert done.stderr.decode().splitlines()[0] == "0"
    assert done.stderr.decode().splitlines()[-1] == "2"


def test_json_is_the_whole_answer() -> None:
    done = run("Hi", "--json")
    completion = json.loads(done.stdout)
    assert completion["choices"][0]["message"] == {"role": "assistant", "content": "Hi"}
    assert completion["object"] == "chat.completion"
    assert done.returncode == 0


def test_nothing_to_say_is_a_wrong_call() -> None:
    done = run()
    assert done.returncode == 2
    assert "no prompt" in done.stderr


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stderr.startswith("cerebras: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_errors_are_one_line(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.route("POST", CHAT, Answer(400, {}, b'{"message": "a\\nb\\nc"}'))
    assert "a b c" in one_line(run("Hi"))
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test-wrong")
    monkeypatch.setenv("CEREBRAS_BASE_URL", "ftp://example.com")
    assert "CEREBRAS_BASE_URL" in one_line(run("Hi"))


def test_no_key_names_the_places_and_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CEREBRAS_API_KEY")
    said = one_line(run("Hi"))
    assert "CEREBRAS_COOKIES" in said
    assert "--local" in said


def test_a_stream_that_breaks_off_shows_what_came_and_fails(server: LocalServer) -> None:
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "Half"}}]}\n\n'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    server.route("POST", CHAT, RawAnswer([head + event]))
    done = run("Hi")
    assert done.stdout == "Half\n"
    assert "finish_reason" in one_line(done)


def test_a_retired_model_is_noted_in_one_line() -> None:
    done = run("Hi", "--model", "llama-3.3-70b")
    assert (done.returncode, done.stdout) == (0, "Hi\n")
    assert "2026-02-16" in done.stderr
    assert done.stderr.count("\n") == 1
    assert ".py" not in done.stderr


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serve(EchoEngine(delay=0.05)) as server:
        monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
        yield


def test_ctrl_c_ends_cleanly(slow: None) -> None:
    process = subprocess.Popen(
        [*COMMAND, "word " * 2000],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(5) == b"word "
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(10) == 130
        assert rest.endswith(b"\n")
        assert process.stderr.read() == b""


def test_a_reader_that_leaves_ends_it_without_a_traceback(slow: None) -> None:
    process = subprocess.Popen(
        [*COMMAND, "word " * 200],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(5)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(10) != 0


def test_without_a_prompt_a_terminal_opens_a_conversation(server: LocalServer) -> None:
    main, side = pty.openpty()
    process = subprocess.Popen(COMMAND, stdin=side, stdout=side, stderr=side)
    os.close(side)
    with process:
        shown = ""

        def wait_for(text: str) -> None:
            nonlocal shown
            deadline = time.monotonic() + 20
            while text not in shown:
                assert select.select([main], [], [], deadline - time.monotonic())[0], shown
                shown += os.read(main, 1000).decode()
            shown = shown.split(text, 1)[1]

        wait_for("> ")
        os.write(main, b"first question\n")
        wait_for("first question")
        wait_for("first question")
        wait_for("> ")
        server.route("POST", CHAT, Answer(400, {}, b'{"message": "not this one"}'))
        os.write(main, b"refused\n")
        wait_for("not this one")
        wait_for("> ")
        server.route("POST", CHAT, lambda _: None)
        os.write(main, b"second\n")
        wait_for("second")
        wait_for("second")
        wait_for("> ")
        os.write(main, b"\x04")
        assert process.wait(10) == 0
    os.close(main)
    said = [message["content"] for message in server.requests[-1].json()["messages"]]
    assert said == ["first question", "first question", "second"]


@pytest.mark.local
def test_local_answers_with_a_real_model(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        local_model_path(download=False)
    except LocalModelError as error:
        pytest.skip(str(error))
    monkeypatch.delenv("CEREBRAS_API_KEY")
    monkeypatch.delenv("CEREBRAS_BASE_URL")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    done = run("Name three colours.", "--local", "--json", "--model", "whatever")
    completion = json.loads(done.stdout)
    assert "SmolLM2" in completion["model"]
    assert completion["usage"]["completion_tokens"] > 1
    noted = run("Name three colours.", "--local-without-key")
    assert noted.returncode == 0
    assert noted.stderr.count("\n") == 1
    assert "CEREBRAS_API_KEY" in noted.stderr
    assert len(noted.stdout) > 10
