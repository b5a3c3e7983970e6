"""A look at something that may never answer: no more than some seconds are waited for it."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Lock, Thread


class BoundedLook[Result]:
    """Looks in a thread of its own, because nothing ends the waiting inside a library such as Postgres's.

    While a look has not come back no other is begun: however often is asked, one thread waits. It ends with the
    process.
    """

    def __init__(self, look: Callable[[], Result], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._lock = Lock()
        self._under_way: tuple[Future[Result], float] | None = None

    def look(self) -> Result:
        """Look, and give what was seen. Raises TimeoutError once a look has lasted for `seconds`, and what the look
        itself raises.
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
