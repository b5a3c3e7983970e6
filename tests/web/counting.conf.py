"""Gunicorn's real settings, with hooks that record for a test what was built and what is open."""

import json
import os
from pathlib import Path
from typing import Any

from psutil import Process

exec(Path("ops/gunicorn.conf.py").read_text())

_freeze, _end = when_ready, worker_exit  # noqa: F821 - from the settings above


def _write_down(who: str) -> None:
    from bot.words.once import built

    me = Process()
    far = [each.raddr.port for each in me.net_connections() if each.raddr]
    found = {"built": dict(built), "threads": me.num_threads(), "far": far}
    (Path(os.environ["WRITE_DOWN_IN"]) / f"{who}.json").write_text(json.dumps(found))


def when_ready(server: Any) -> None:
    _freeze(server)
    _write_down("master")


def worker_exit(server: Any, worker: Any) -> None:
    _end(server, worker)
    _write_down(f"worker-{worker.pid}")
