"""Sleep without `clock_nanosleep`: for every Python that the tests start on another day (`tests/another_day.py`)."""

import select
import time


def _sleep(seconds: float) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep
