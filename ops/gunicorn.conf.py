"""How the web process serves: a few threads, because most of a request is waiting for Postgres, and before them an
event loop that waits for clients (web/buffering.py).
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

# A request is read to its end before a thread takes it: REQUEST_SECONDS bounds how long that may take.
worker_class = "web.buffering.BufferingWorker"
# The buffer that answers leave through is no socket: files (the style sheet, the icon) are written like anything else.
sendfile = False
# Open connections of each process. When they are reached, whoever has waited longest for nothing is let go.
worker_connections = 1000
# Proxies keep idle connections and must be the ones who close them, or they send a request into a closing one.
# Heroku's router waits for 90 s: https://devcenter.heroku.com/articles/http-routing#keepalives
keepalive = 100

# What proxies write is judged in one place, by TRUSTED_HOPS (web/app.py). Gunicorn itself would believe everybody where
# the host sets FORWARDED_ALLOW_IPS=*, even a header SCRIPT_NAME that cuts off the beginning of the path.
forwarded_allow_ips = ""

# The host kills 30 s after it asked to stop: finish what was begun, and be gone in 25.
timeout = 30
graceful_timeout = 20

# There is no access log: see `logger_class`.
accesslog = None
errorlog = "-"


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801 - gunicorn looks for this name
    """Gunicorn's own messages in our form: they go where all others go. Requests are not logged, because the log would
    keep the one-time tokens that stand in our addresses.

    It is not enough to set `accesslog` to None: what stands in GUNICORN_CMD_ARGS wins over this file, and Heroku's
    Python buildpack writes `--access-logfile -` there.
    https://github.com/heroku/heroku-buildpack-python/blob/main/vendor/python.gunicorn.sh
    """

    def setup(self, cfg: Any) -> None:
        """Leave the set-up to `starting`."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.access_log.handlers.clear()
        self.error_log.propagate = True

    def access(self, *_: Any) -> None:
        """Write nothing, whatever the host has switched on."""


# Workers prove by a file that they live: on a slow disk, as in a container, a busy one would be taken for dead.
_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file there
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
control_socket_disable = True

# Where the processes count what they serve, for /metrics (web/metrics.py). prometheus-client must find it before the
# code is loaded. A restart by SIGHUP reads this file again and keeps the folder.
SHARED_FILES = "PROMETHEUS_MULTIPROC_DIR"
if _settings.metrics_token.get_secret_value() and SHARED_FILES not in os.environ:
    os.environ[SHARED_FILES] = tempfile.mkdtemp(prefix="gruppetto-metrics-", dir=worker_tmp_dir)

# What is read and computed once is shared by all processes. Code that is loaded before the fork cannot be reloaded.
preload_app = "--reload" not in sys.argv


def when_ready(_server: object) -> None:
    """What is loaded stays: if the collector looked at it again, processes would no longer share its memory."""
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """The same where nothing was loaded before the fork. Looking again would cost a tenth of a second each time.

    From here on this process looks every few seconds whether all is well, and tells the others that it lives.
    """
    gc.freeze()
    worker.heart = worker.wsgi.extensions["watch"].start()


def worker_exit(_server: object, worker: Any) -> None:
    """Tell the others that this process ends."""
    if hasattr(worker, "heart"):
        worker.heart.stop()


def child_exit(_server: object, worker: Any) -> None:
    """What an ended process counted stays; gauges of its own it has none."""
    if SHARED_FILES in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: object) -> None:
    """Leave no files behind."""
    folder = os.environ.get(SHARED_FILES)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
