"""Starts programs that are asked to stop when this process ends, however it ends."""

import os
import signal
import sys
from collections.abc import Sequence

# A program between us and the other one, instead of Popen's preexec_fn, which may hang if there are threads. The order
# matters: another user may be unable to import from our Python, and Linux drops the death signal when the user changes.
# On other systems than Linux a watcher process runs beside the program.
_LEASH = """
import ctypes, os, sys, time
parent, death, account, keeps_environment, *command = sys.argv[1:]
parent, death, server, libc = int(parent), int(death), os.getpid(), ctypes.CDLL(None)
if account:
    uid, gid = map(int, account.split(":"))
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
if sys.platform == "linux":
    PR_SET_PDEATHSIG = 1
    libc.prctl(PR_SET_PDEATHSIG, death)
    if os.getppid() != parent:
        sys.exit("whoever started this is gone")
elif os.fork() == 0:
    while os.getppid() == server:
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os.kill(server, death)
            break
        except PermissionError:
            pass
        time.sleep(0.5)
    os._exit(0)
environment = dict(os.environ)
if not keeps_environment:
    moved = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC") if "FAKETIME" in environment else ()
    clock = {name: environment[name] for name in moved if name in environment}
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"} | clock
os.execve(command[0], command, environment)
"""


def leashed(
    command: Sequence[object], at_our_death: signal.Signals, *, account: str = "", keeps_environment: bool
) -> list[str]:
    """Return the command line that runs `command` (a path and its arguments) and sends it this signal when we end.

    `account` is "uid:gid" of another user. Without the environment the program gets a path, a plain locale, UTC, and
    the day that `faketime` pretends, if it does, so that all programs have the same day. On Linux the signal is sent
    when the thread that has started the program ends, so start it from a lasting thread.
    """
    leash = [sys.executable, "-I", "-S", "-c", _LEASH, os.getpid(), at_our_death.value, account]
    return [str(word) for word in (*leash, "yes" if keeps_environment else "", *command)]
