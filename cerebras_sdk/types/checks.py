"""What is wrong with a request, found before it is sent."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the service would refuse, or very likely so.

    `code` names the rule, `path` the place in the request (`messages[2].tool_calls[0].id`),
    `message` says what is wrong there, `advice` what to change. `certain` is False where the
    service is not known to refuse it: the model is not in the catalogue, or the documentation
    says "not supported" and nobody saw the refusal. Such a finding is a warning at most.
    """

    code: str
    path: str
    message: str
    advice: str
    certain: bool = True

    def __str__(self) -> str:
        return f"{self.path}: {self.message}; {self.advice} [{self.code}]"
