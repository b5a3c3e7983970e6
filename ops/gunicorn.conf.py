"""How the web process serves: threads, because most of a request is waiting for Postgres."""

import gc
import os
from pathlib import Path

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))

# The host kills 30 s after it asked to stop: finish what was begun, and be gone before.
timeout = 30
graceful_timeout = 25

# An access log would keep the one-time tokens that stand in our addresses; the app logs routes instead.
accesslog = None
errorlog = "-"

# Workers prove by a file that they live: on a slow disk, as in a container, a busy one would be taken for dead.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file there
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True


def post_worker_init(_worker: object) -> None:
    """What is loaded stays: the collector need not look at it again, which costs a tenth of a second each time."""
    gc.freeze()
