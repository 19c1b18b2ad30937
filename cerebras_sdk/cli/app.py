"""The commands and their options."""

from __future__ import annotations

import errno
import sys
import warnings

import click

from .._core.catalog import DEFAULT_MODEL
from .._version import __version__
from ..errors import CerebrasError, CerebrasWarning
from .chat import Chat
from .screen import Screen


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def app() -> None:
    """Talk to Cerebras Inference, or to a small model on this machine."""


@app.command()
@click.argument("prompt", nargs=-1)
@click.option("-m", "--model", default=DEFAULT_MODEL, show_default=True, help="The model to ask.")
@click.option("-s", "--system", help="What the model is told to be.")
@click.option("--local", is_flag=True, help="Ask the small model on this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@click.option("--local-without-key", is_flag=True, hidden=True)
def chat(
    prompt: tuple[str, ...],
    model: str,
    system: str | None,
    local: bool,
    as_json: bool,
    local_without_key: bool,
) -> None:
    """Answers PROMPT, or what is piped in, or opens a conversation.

    The key comes from CEREBRAS_API_KEY; see the README for the other places.
    """
    screen = Screen()
    warnings.simplefilter("always", CerebrasWarning)
    warnings.showwarning = lambda message, *_: screen.note(str(message))
    text = " ".join(prompt)
    talk = not text and sys.stdin is not None and sys.stdin.isatty()
    if not text and not talk and sys.stdin is not None:
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    # Bytes that are no UTF-8 came as lone surrogates, which no request can hold.
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if not talk and not text.strip():
        screen.error("no prompt: give one as an argument or pipe one in")
        sys.exit(2)
    try:
        with Chat(
            screen,
            model=model,
            system=system,
            local=local,
            local_without_key=local_without_key,
            as_json=as_json,
        ) as session:
            if talk:
                session.converse()
            else:
                session.ask(text)
    except CerebrasError as error:
        screen.error(str(error))
        sys.exit(1)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise  # the reader has left: click ends quietly
        screen.abandon()
        screen.error(f"cannot write the answer: {error.strerror}")
        sys.exit(1)
    except KeyboardInterrupt:
        screen.end_line()
        sys.exit(130)
