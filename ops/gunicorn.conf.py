"""The settings of gunicorn. It uses a few threads, because a request mostly waits for Postgres, and an event loop that
waits for clients (web/buffering.py).
"""

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

import starting

_settings = starting.begin("web")

bind = f"0.0.0.0:{_settings.port}"
workers = _settings.web_concurrency
threads = _settings.web_threads

# A request is read to its end before a thread takes it; REQUEST_SECONDS limits how long that may take.
worker_class = "web.buffering.BufferingWorker"
# Threads write answers into a buffer that is no socket, so `sendfile` cannot be used for files.
sendfile = False
# Open connections of each process. Above this number the connection that has been idle longest is closed.
worker_connections = 1000
# Proxies keep idle connections and must close them first, or they may send a request into a connection that we close.
# Heroku's router waits for 90 s: https://devcenter.heroku.com/articles/http-routing#keepalives
keepalive = 100

# Headers of proxies are judged in one place, by TRUSTED_HOPS (web/app.py). Gunicorn itself would trust every client if
# the host sets FORWARDED_ALLOW_IPS=*, even a header SCRIPT_NAME that changes the path.
forwarded_allow_ips = ""

# The host kills a process 30 s after asking it to stop: finish the open requests, and end within 25 s.
timeout = 30
graceful_timeout = 20

# There is no access log: see `logger_class`.
accesslog = None
errorlog = "-"


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801 - gunicorn looks for this name
    """Writes gunicorn's own messages in the form of our log. Requests are not logged, because the log would then
    contain the one-time tokens in our addresses.

    It is not enough to set `accesslog` to None: GUNICORN_CMD_ARGS overrides this file, and
    Heroku's Python buildpack sets it to `--access-logfile -`.
    https://github.com/heroku/heroku-buildpack-python/blob/main/vendor/python.gunicorn.sh
    """

    def setup(self, cfg: Any) -> None:
        """Remove gunicorn's handlers, because `starting` has set up the log."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.access_log.handlers.clear()
        self.error_log.propagate = True

    def access(self, *_: Any) -> None:
        """Write nothing, even if the host has switched the access log on."""


# Workers show by a file that they are alive. On a slow disk, as in a container, a busy worker would be considered dead.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file there
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True

# The folder of the processes' counters for /metrics (web/metrics.py). prometheus-client must find it before the code is
# loaded. A restart by SIGHUP reads this file again and keeps the folder.
SHARED_FILES = "PROMETHEUS_MULTIPROC_DIR"
if _settings.metrics_token.get_secret_value() and SHARED_FILES not in os.environ:
    os.environ[SHARED_FILES] = tempfile.mkdtemp(prefix="gruppetto-metrics-", dir=worker_tmp_dir)

# Load the app before the fork, so that all processes share its memory. Code that was loaded before cannot be reloaded.
preload_app = "--reload" not in sys.argv


def when_ready(_server: object) -> None:
    """Exclude what is loaded from garbage collection, so that the processes go on sharing its memory."""
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Do the same in the worker, if nothing was loaded before the fork. Each collection would cost a tenth of a second.

    Then start the health checks and the heartbeat of this process.
    """
    gc.freeze()
    worker.heart = worker.wsgi.extensions["watch"].start()


def worker_exit(_server: object, worker: Any) -> None:
    """Remove the heartbeat of this process."""
    if hasattr(worker, "heart"):
        worker.heart.stop()


def child_exit(_server: object, worker: Any) -> None:
    """Tell prometheus-client that a process has ended. Its counts are kept; it has no gauges."""
    if SHARED_FILES in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: object) -> None:
    """Delete the folder of the counters."""
    folder = os.environ.get(SHARED_FILES)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
