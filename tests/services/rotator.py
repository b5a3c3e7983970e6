"""A process that has everything loaded, and forks a child for each `flask keys …` that is then killed or not.

It reads lines `ring seconds words…`: the child is killed after so many seconds if it has not ended by itself. Each is
answered with one line of JSON: the exit code (-9 when killed) and what was printed.
"""

import json
import os
import signal
import sys
import tempfile
import time

from config import Settings
from web.app import create_app
from world import World


def run(settings: Settings, words: list[str], path: str) -> None:
    """Do the command as an operator would, in a world of this process's own."""
    app = create_app(World.from_settings(settings))
    done = app.test_cli_runner().invoke(args=words)
    with open(path, "w") as file:  # noqa: PTH123 - one line
        file.write(done.output or repr(done.exception))
    os._exit(done.exit_code)


def ended(child: int, seconds: float) -> int:
    """Wait, and kill it when its time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(written: str) -> None:
    facts = json.loads(written)
    for line in sys.stdin:
        ring, seconds, *words = line.split()
        settings = Settings(**{**facts, "data_keys": ring})
        with tempfile.NamedTemporaryFile("r") as printed:
            child = os.fork()
            if child == 0:
                run(settings, words, printed.name)
            code = ended(child, float(seconds))
            sys.stdout.write(json.dumps([code, printed.read()]) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
