"""Finds, stops, kills and restarts the processes of the product, as a host does."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from threading import Event, Thread

from honcho.environ import parse_procfile

from simulator.stage import ROOT, Stage

LOOK_EVERY = 0.1
BUSY_WITHIN = 0.7
POLITE = 3.0
KILLED_AFTER = 30.0  # seconds between SIGTERM and SIGKILL, as at Heroku


@dataclass(frozen=True)
class Victim:
    """A worker of RQ's pool, and the work-horse that it has forked if it has a job."""

    worker: int
    horse: int | None


class Keeper:
    """Runs these commands, and restarts processes that stop. `fell` counts those that stopped by themselves."""

    def __init__(self, on: Stage, commands: Mapping[str, str], random: Random) -> None:
        self.on, self.random = on, random
        self.killed: Counter[str] = Counter()
        self.fell: Counter[str] = Counter()
        self.processes = 0
        self._expected: set[int] = set()
        self._started: set[int] = set()
        self._away: set[str] = set()
        self._done = Event()
        self._commands = commands
        self._thread = Thread(target=self._keep, daemon=True)

    def open(self) -> None:
        """Start everything and wait until it works."""
        self.start()
        self.on.await_readiness()
        self.watch()

    def start(self) -> None:
        """Start everything."""
        for name in self._commands:
            self._start(name)

    def watch(self) -> None:
        """From now on, restart processes that stop."""
        self._thread.start()

    def close(self) -> None:
        """Restart nothing any more, and end all processes."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        for name in self._commands.keys() & self.on.processes.keys():
            self._kill_all(self.on.processes[name])
        for pid in {*_session(*self._started), *_named(self.on.folder.name)}:
            self._kill(pid)

    def take_away(self, name: str, *, everyone: bool = True, patience: float = KILLED_AFTER) -> float:
        """Stop a process as a host does, and do not restart it before `bring_back`.

        Heroku sends SIGTERM to every process of a dyno; Docker and systemd's `mixed` only to the first one
        (`everyone=False`). Processes that still run after `patience` seconds are killed. Returns the seconds until all
        had ended. https://devcenter.heroku.com/articles/dynos#shutdown
        """
        root, began = self.on.processes[name], time.monotonic()
        self._away.add(name)
        self._expected.add(root.pid)
        for pid in _session(root.pid) if everyone else [root.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        while root.poll() is None or _session(root.pid):
            if time.monotonic() > began + patience:
                for pid in _session(root.pid):
                    self._kill(pid)
                root.wait()
                break
            time.sleep(0.05)
        return time.monotonic() - began

    def kill_away(self, name: str) -> None:
        """Kill a process with all its children, and do not restart it before `bring_back`."""
        self._away.add(name)
        self._kill_all(self.on.processes[name])

    def bring_back(self, name: str) -> None:
        """Start a process that was taken away."""
        self._away.discard(name)
        self._await(name)

    def kill_horse(self) -> None:
        """Kill a work-horse in the middle of its job."""
        victim = self._victim()
        if victim.horse is not None and self._kill(victim.horse):
            self.killed["work-horse"] += 1

    def kill_worker(self) -> None:
        """Kill only a worker: its work-horse goes on as an orphan."""
        if self._kill(self._victim().worker):
            self.killed["worker"] += 1

    def kill_both(self) -> None:
        """Kill a worker and its work-horse."""
        victim = self._victim()
        if self._kill(victim.worker):
            self.killed["worker and horse"] += 1
        if victim.horse is not None:
            self._kill(victim.horse)

    def kill_dyno(self) -> None:
        """Kill the pool with all its workers and work-horses, as when a machine fails."""
        self._victim()
        self._kill_all(self.on.processes["worker"])
        self.killed["worker dyno"] += 1
        self._await("worker")

    def restart_dyno(self) -> None:
        """Ask the pool to stop, as a deploy does, and kill the processes that have not stopped in time."""
        self._victim()
        pool = self.on.processes["worker"]
        self._expected.add(pool.pid)
        pool.terminate()
        with suppress(subprocess.TimeoutExpired):
            pool.wait(POLITE)
        self._kill_all(pool)
        self.killed["worker restart"] += 1
        self._await("worker")

    def kill_clock(self) -> None:
        """Kill one of the clocks."""
        name = self.random.choice([name for name in self._commands if name.startswith("clock")])
        self._kill_all(self.on.processes[name])
        self.killed["clock"] += 1
        self._await(name)
        time.sleep(self.random.uniform(0.2, 2.0))

    def kill_web(self) -> None:
        """Kill gunicorn's worker, or all of gunicorn, once it serves."""
        self.on.await_readiness()
        time.sleep(self.random.uniform(0.1, 1.0))
        master = self.on.processes["web"].pid
        workers = [pid for pid, parent, _ in _processes() if parent == master]
        if workers and self.random.random() < 0.5:
            self._kill(self.random.choice(workers))
        else:
            self._kill_all(self.on.processes["web"])
            self._await("web")
        self.killed["web"] += 1

    def _victim(self) -> Victim:
        """Return a worker with a job if there is one soon, else any, at a random moment."""
        until = time.monotonic() + BUSY_WITHIN
        while True:
            victims = self._workers()
            busy = [each for each in victims if each.horse is not None]
            if busy or (victims and time.monotonic() > until):
                break
            time.sleep(0.02)
        time.sleep(self.random.random() * 0.12)
        return self.random.choice(busy or victims)

    def _workers(self) -> list[Victim]:
        pool, table = self.on.processes["worker"].pid, _processes()
        workers = {pid for pid, parent, _ in table if parent == pool}
        # A work-horse of RQ leads a process group of its own; a worker's helpers stay in the worker's group.
        horses = {parent: pid for pid, parent, group in table if parent in workers and group == pid}
        return [Victim(worker, horses.get(worker)) for worker in sorted(workers)]

    def _kill_all(self, root: subprocess.Popen[bytes]) -> None:
        self._expected.add(root.pid)
        table, doomed = _processes(), [root.pid]
        for pid in doomed:  # the list grows during the loop, by children of children
            doomed += [child for child, parent, _ in table if parent == pid]
        for pid in doomed:
            self._kill(pid)
        root.wait()

    def _await(self, name: str) -> None:
        """Wait until the process is started again."""
        while self.on.processes[name].poll() is not None and not self._done.is_set():
            time.sleep(0.02)

    def _kill(self, pid: int) -> bool:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.processes += 1
        return True

    def _keep(self) -> None:
        while not self._done.wait(LOOK_EVERY):
            for name, process in list(self.on.processes.items()):
                if name not in self._away and process.poll() is not None:
                    self.fell[name] += process.pid not in self._expected
                    self._start(name)

    def _start(self, name: str) -> None:
        self.on.start(name, self._commands[name])
        self._started.add(self.on.processes[name].pid)


def with_clocks(clocks: int, mark: str) -> dict[str, str]:
    """Return the processes of the Procfile, with several clocks. The workers also listen to an unused queue, whose name
    (the mark) tells them from other workers on this machine.
    """
    listed = parse_procfile((ROOT / "Procfile").read_text()).processes
    several = {f"clock-{number}": listed["clock"] for number in range(1, clocks + 1)}
    return {"web": listed["web"], "worker": f"{listed['worker']} {mark}", **several}


def _processes() -> list[tuple[int, int, int]]:
    """Return every process of this machine: its id, its parent's, and its group's."""
    listing = subprocess.run(["ps", "-axo", "pid=,ppid=,pgid="], capture_output=True, text=True, check=True).stdout
    return [(int(pid), int(parent), int(group)) for pid, parent, group in map(str.split, listing.splitlines())]


def _session(*leaders: int) -> list[int]:
    """Return the processes that still run in these sessions: everything that was started in them, orphans too."""
    listing = subprocess.run(["ps", "-axo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = [int(pid) for pid, state in map(str.split, listing.splitlines()) if not state.startswith("Z")]
    return [pid for pid in running if _session_of(pid) in leaders]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _named(mark: str) -> list[int]:
    """Return the remaining processes of the worker, orphans too. A fork has the same command line."""
    listing = subprocess.run(["ps", "-axo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listing.splitlines() if line.endswith(f" {mark}")]
