"""Learns how long the answers of a call site are, so that no more is set aside for them."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from .tokens import RESERVED_TOKENS

# What runs tasks and threads: a call that one of these begins says nothing of its site.
RUNNERS = frozenset({"anyio", "asyncio", "concurrent", "threading", "trio", "uvloop"})
_KEPT = 64  # answers of a site
_ENOUGH = 8  # answers, before anything is suggested
_QUANTILE = 0.9
_MARGIN = 1.5
_LEAST = 64  # tokens
_SITES = 1024


@dataclass(slots=True)
class _Site:
    """The lengths that were seen, and what is not gone below for the next `pending` answers."""

    lengths: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT))
    floor: int = 0
    pending: int = 0


class ReserveLearner:
    """Suggests `max_completion_tokens` by the answers that a call site got.

    The service reserves that many tokens for as long as a request runs, and 16,384 when it names
    none. `site` is whatever tells one kind of call from another, such as the model and the place in
    the code. Ask with what `suggest` gives; while the answer ends with `length` at a bound that is
    not the user's own, ask again with what `more` gives; at last `record` the answer's length.

    `maximum` is the user's own bound, which is never exceeded; None: there is none. All lengths are
    completion tokens, with reasoning. The least recently used of more than 1,024 sites is
    forgotten. It is not safe to call from several threads at once.
    """

    def __init__(self) -> None:
        self._sites: OrderedDict[object, _Site] = OrderedDict()

    def suggest(self, site: object, *, maximum: int | None = None) -> int | None:
        """The bound to ask with: half as long again as nine of ten answers, and no shorter than the
        longest of the last 64. `maximum` while too few answers are known, or when they are so long
        that nothing is won.
        """
        known = self._sites.get(site)
        if known is None or len(known.lengths) < _ENOUGH:
            return maximum
        lengths = sorted(known.lengths)
        usual = lengths[math.ceil(_QUANTILE * len(lengths)) - 1]
        bound = max(math.ceil(usual * _MARGIN), lengths[-1], known.floor, _LEAST)
        return _bounded(bound, maximum)

    def more(self, site: object, asked: int | None, *, maximum: int | None = None) -> int | None:
        """The bound to ask with after an answer was cut at `asked`: the double. `maximum` when that
        is reached, or when the service would reserve no more for more."""
        if asked is None or asked == maximum:
            return maximum
        known = self._site(site)
        # The other calls under way would be cut at the same length.
        known.floor = max(known.floor, asked * 2)
        known.pending = _ENOUGH
        return _bounded(asked * 2, maximum)

    def record(self, site: object, tokens: int) -> None:
        """How long the answer was in the end."""
        known = self._site(site)
        known.lengths.append(max(0, tokens))
        known.pending -= 1
        if known.pending <= 0:
            known.floor = 0

    def _site(self, site: object) -> _Site:
        known = self._sites.setdefault(site, _Site())
        self._sites.move_to_end(site)
        if len(self._sites) > _SITES:
            self._sites.popitem(last=False)
        return known


def _bounded(bound: int, maximum: int | None) -> int | None:
    # What the service reserves ends here, so a bound from here on would only cut answers.
    if bound >= RESERVED_TOKENS or (maximum is not None and bound >= maximum):
        return maximum
    return bound
