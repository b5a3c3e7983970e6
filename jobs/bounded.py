"""Queries something that may never answer, and waits for it only a limited time."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Lock, Thread


class BoundedLook[Result]:
    """Runs a query in a thread of its own, because waiting inside a library such as Postgres's cannot be ended.

    While a query has not returned, no other is begun: so only one thread waits, however often `look` is called. The
    thread ends with the process.
    """

    def __init__(self, look: Callable[[], Result], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._lock = Lock()
        self._under_way: tuple[Future[Result], float] | None = None

    def look(self) -> Result:
        """Run the query and return its result. Raises TimeoutError when it has lasted for `seconds`, and
        whatever the query raises.
        """
        with self._lock:
            if self._under_way is None or self._under_way[0].done():
                self._under_way = self._begin(), time.monotonic()
            answer, began = self._under_way
        return answer.result(max(began + self._seconds - time.monotonic(), 0.0))

    def _begin(self) -> Future[Result]:
        answer: Future[Result] = Future()
        context = copy_context()

        def act() -> None:
            try:
                answer.set_result(context.run(self._look))
            except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
                answer.set_exception(error)

        Thread(target=act, name="look", daemon=True).start()
        return answer
