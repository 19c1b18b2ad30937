"""What the checks of a request raise and warn of."""

from __future__ import annotations

from collections.abc import Iterable

from ..types.checks import Finding
from .base import CerebrasWarning, InvalidRequestError


class RequestCheckError(InvalidRequestError):
    """The service would refuse the request, so it was not sent; `checks="warn"` sends it.

    `findings`: everything that was found, what is certain first.
    """

    def __init__(self, message: str = "", findings: Iterable[Finding] = ()) -> None:
        super().__init__(message)
        self.findings: tuple[Finding, ...] = tuple(findings)


class RequestCheckWarning(CerebrasWarning):
    """The service may refuse the request, which is sent all the same.

    `findings`: everything that was found.
    """

    def __init__(self, message: str = "", findings: Iterable[Finding] = ()) -> None:
        super().__init__(message)
        self.findings: tuple[Finding, ...] = tuple(findings)
