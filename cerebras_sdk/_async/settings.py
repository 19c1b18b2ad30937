"""The options of a client as its attributes."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any

from .._core.credentials import Credentials, given_key
from .._core.options import USER_AGENT
from .._core.secret import Hidden
from .._core.timeout import Timeout, TimeoutInput
from .._core.urls import plain_http_notice
from .._log import log_hook
from ..errors import InsecureURLWarning
from ..types import RateLimits
from .pickling import AsyncPickling


class AsyncSettings(AsyncPickling):
    """What a client was told; `with_options` makes one that was told otherwise."""

    @property
    def api_key(self) -> str | None:
        """The key, as text; None as long as it has not been got for the cookies."""
        key = self._credentials.current(time.time())
        return None if key is None else key.reveal()

    @api_key.setter
    def api_key(self, api_key: str) -> None:
        key = Hidden[object](api_key)
        del api_key
        self._credentials = Credentials(given_key(key), None, self._environment)

    @property
    def base_url(self) -> str:
        """The address of the service, without `/v1`."""
        return self._options.base_url

    @base_url.setter
    def base_url(self, base_url: str) -> None:
        self._options = self._options.changed(base_url=base_url)
        self._warn_of_plain_http()

    @property
    def timeout(self) -> Timeout:
        """The seconds that a call waits for each step."""
        return self._options.timeout

    @timeout.setter
    def timeout(self, timeout: TimeoutInput) -> None:
        self._options = self._options.changed(timeout=timeout)

    @property
    def max_retries(self) -> int:
        return self._options.retry.max_retries

    @max_retries.setter
    def max_retries(self, max_retries: int) -> None:
        self._options = self._options.changed(max_retries=max_retries)

    @property
    def default_headers(self) -> Mapping[str, object]:
        """What is sent with every call, without the key; values that may be secret are hidden."""
        return dict(self._options.headers)

    @property
    def default_query(self) -> Mapping[str, Any]:
        return dict(self._options.query)

    @property
    def rate_limits(self) -> Mapping[str, RateLimits]:
        """What the service said last of its limits, by model; `resets_at` of a window is a moment
        of `time.monotonic()`."""
        return self._learned.limits.all()

    @property
    def user_agent(self) -> str:
        return USER_AGENT

    def add_hook(self, hook: object) -> None:
        """Tells `hook` what happens during the calls of this client from now on.

        It has some of the methods `on_request`, `on_response`, `on_first_token`, `on_chunks`,
        `on_end` and `on_error`, plain functions of one event (see `cerebras_sdk.types.hooks`). They
        are called where the call is made, and it waits for them; what they raise is logged as a
        warning. Prompts and answers are only for hooks with an attribute `wants_content` that is
        True. A copy has the hooks that the client had when it was copied; a pickle has none.

        Raises InvalidRequestError for what is no hook, and for coroutine functions.
        """
        from .._core.hooks import Hooks

        known = () if self._hooks is None else self._hooks.hooks
        self._hooks = Hooks((*known, hook), complain=log_hook)

    def _warn_of_plain_http(self) -> None:
        """The caller of the caller is who sees it."""
        notice = plain_http_notice(self._options.base_url)
        if notice is not None:
            warnings.warn(notice, InsecureURLWarning, stacklevel=3)
