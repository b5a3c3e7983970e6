"""Builds large tables once, which are then only read: lists of words, and the index of sentences."""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from threading import RLock

built: Counter[str] = Counter()  # how often each table was built, by the name of the function that builds it
_building = RLock()  # one lock for all tables, because some are built from others


def once[**P, R](build: Callable[P, R]) -> Callable[P, R]:
    """Cache the result of `build` like `functools.cache`; threads that call it at the same time wait
    for one of them.
    """
    made: dict[tuple[object, ...], R] = {}

    @wraps(build)
    def ask(*of: P.args, **named: P.kwargs) -> R:
        if of not in made:
            with _building:
                if of not in made:
                    made[of] = build(*of, **named)
                    built[f"{build.__module__}.{build.__qualname__}"] += 1
        return made[of]

    return ask
