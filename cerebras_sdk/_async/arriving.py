"""What streams tell of the answer that they read."""

from __future__ import annotations

from typing import Any

from .._core.http import Headers
from .._core.limits import rate_limits, request_id
from .._transports._httpx import HttpxResponse
from ..types import RateLimits


class AsyncArriving:
    """What streams have in common: an answer whose body is on its way."""

    _response: HttpxResponse

    @property
    def response(self) -> Any:
        """The answer as the HTTP library's own object, whose body is not to be read."""
        return self._response.raw

    @property
    def response_headers(self) -> Headers:
        """The headers of the answer; names in any case."""
        return self._response.headers

    @property
    def request_id(self) -> str | None:
        """The id to name when you ask Cerebras for help: `inference-id`, else `cf-ray`."""
        return request_id(self._response.headers)

    @property
    def rate_limits(self) -> RateLimits:
        """The limits that the headers of the answer name."""
        return rate_limits(self._response.headers)
