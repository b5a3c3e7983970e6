"""A process that has loaded everything and forks a child for each `flask keys …`, so that the child can be killed.

It reads lines `ring words…`. It answers each with the child's process id, so that it can be killed, and, when the
child has ended, with one line of JSON: the exit code (-9 if it was killed) and its output. The process id is not
reused before the next line is read.
"""

import json
import os
import sys
import tempfile

from config import Settings
from web.app import create_app
from world import World


def run(settings: Settings, words: list[str], path: str) -> None:
    """Run the command as an operator would, in a world of this process's own."""
    app = create_app(World.from_settings(settings))
    done = app.test_cli_runner().invoke(args=words)
    with open(path, "w") as file:  # noqa: PTH123 - one line
        file.write(done.output or repr(done.exception))
    os._exit(done.exit_code)


def ended(child: int) -> int:
    """Wait for the child's end without collecting it, so that its process id is not reused."""
    end = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


def tell(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(written: str) -> None:
    facts, remembered = json.loads(written), []
    for line in sys.stdin:
        while remembered:
            os.waitpid(remembered.pop(), 0)
        ring, *words = line.split()
        settings = Settings(**{**facts, "data_keys": ring})
        with tempfile.NamedTemporaryFile("r") as printed:
            child = os.fork()
            if child == 0:
                run(settings, words, printed.name)
            tell(child)
            code = ended(child)
            tell(json.dumps([code, printed.read()]))
        remembered.append(child)


if __name__ == "__main__":
    main(sys.argv[1])
