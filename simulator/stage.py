"""Runs the whole product on this computer: servers, pretend vendors, and the processes of the Procfile."""

import base64
import errno
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import requests
from flask import Blueprint, Flask
from honcho.environ import parse_procfile
from redis import Redis
from werkzeug.serving import make_server

from config import Settings
from providers.clock import PretendClock
from services.delivery import contents
from simulator.garmin.server import PretendGarmin
from simulator.gate import Gate
from simulator.leash import leashed
from simulator.services import Services, SetUpProblem, services
from simulator.twilio.phones import Phones
from simulator.twilio.server import PretendTwilio
from world import World

ROOT = Path(__file__).parent.parent
ACCOUNT, SENDER = "AC" + "0" * 32, "whatsapp:+14155238886"
PATIENCE = 300.0  # seconds until the processes must be ready; a machine that is busy with others needs minutes
SIMULATOR = "simulator"  # the name of our own connections to Redis


@dataclass
class Stage:
    """A running product. `folder` holds its logs; `processes` are those of the Procfile, by name. `services` are the
    servers themselves, whatever network the product sees them through.
    """

    folder: Path
    services: Services
    bot_url: str
    clock: PretendClock
    twilio: PretendTwilio
    garmin: PretendGarmin
    phones: Phones
    simulator: Flask
    gate: Gate
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: str) -> None:
        """Start one process of the Procfile; its output goes to its log. It is asked to stop when we end."""
        words = leashed(["/bin/sh", "-c", f"exec {command}"], signal.SIGTERM, keeps_environment=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                words,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *command: str) -> None:
        """Run a command to its end. Raises `SetUpProblem` with the last line of its output if it fails."""
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise SetUpProblem(f"`{' '.join(command)}` failed: {' '.join(last) or 'without a word'}")

    def fallen(self) -> str | None:
        """Return the name of a process that has stopped by itself, or None."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def await_readiness(self) -> None:
        """Wait until the web process answers and the workers and the clock have started."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if name := self.fallen():
                raise SetUpProblem(f"{name} stopped; the end of {self.folder / name}.log: {self.last_words(name)}")
            try:
                if requests.get(f"{self.bot_url}/readyz", timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise SetUpProblem(f"the web process is not ready after {PATIENCE:.0f} s: {self.last_words('web')}")

    def last_words(self, name: str) -> str:
        """Return the last line of a process's log."""
        lines = (self.folder / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"


@contextmanager
def stage(
    folder: Path,
    *,
    kept: bool,
    port: int = 0,
    bot_port: int = 0,
    clients: int | None = None,
    network: Callable[[Services], Services] | None = None,
    settings: Mapping[str, str] | None = None,
    pages: Callable[[Stage], Blueprint] | None = None,
    migrate: bool = True,
) -> Iterator[Stage]:
    """Start everything, and stop it at the end of the block. With `kept` the data stay in the folder. A port of
    0 means any.

    `clients` is the number of connections that Postgres and Valkey accept, each. `network` returns the addresses of the
    servers for the product; `settings` are additional environment variables; `pages` makes the pages beside the pretend
    vendors, shown after `open_for_business`. Without `migrate` the database is empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = _secrets(folder)
    _stay_here()
    with ExitStack() as stack:
        page = _listening(port, "PORT")
        stack.callback(page.close)
        bot_url = f"http://127.0.0.1:{bot_port or free_port()}"
        require_free(bot_port)
        gate = Gate()
        _serve(gate, page)
        running = stack.enter_context(services(folder / "data" if kept else None, durable=kept, clients=clients))
        made = _made(folder, running, bot_url, keys, gate)
        seen = network(running) if network else running
        made.environment |= {"DATABASE_URL": seen.database_url, "REDIS_URL": seen.redis_url, **(settings or {})}
        if migrate:
            _migrate(made)
        if pages:
            made.simulator.register_blueprint(pages(made))
        gate.app = made.simulator  # complete: Flask takes no page after the first request
        made.environment |= {
            "TWILIO_API_BASE_URL": f"http://127.0.0.1:{page.getsockname()[1]}/twilio",
            "GARMIN_BASE_URL": f"http://127.0.0.1:{page.getsockname()[1]}/garmin",
            "GARMIN_PERSONAL_API_BASE_URL": f"http://127.0.0.1:{page.getsockname()[1]}/garmin/personal",
        }
        stack.callback(made.twilio.close)
        stack.callback(_stop, made)
        yield made


def open_for_business(made: Stage) -> None:
    """Get the templates approved and start the processes of the Procfile."""
    get_templates_approved(made)
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        if name != "release":
            made.start(name, command)
    made.await_readiness()
    made.gate.open()


def get_templates_approved(made: Stage) -> None:
    """Do what `flask templates push` and, some minutes later, `status` do for an operator."""
    known = {name.lower(): value for name, value in made.environment.items()}
    world = World.from_settings(
        Settings.model_validate({name: known[name] for name in Settings.model_fields if name in known})
    )
    with world.sessions.begin() as session:
        contents.push(session, world.messenger, world.now())
        for _ in range(2):
            contents.poll(session, world.messenger, world.now())
    world.sessions.kw["bind"].dispose()
    world.redis.close()


def require_free(port: int) -> None:
    """Raise `SetUpProblem` if another process listens on this port."""
    with socket.socket() as probe:
        if port and probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SetUpProblem(f"port {port} is taken: stop what listens there, or set BOT_PORT to another")


def _migrate(made: Stage) -> None:
    try:
        made.run(sys.executable, "-m", "alembic", "upgrade", "head")
    except SetUpProblem as problem:
        if "Can't locate revision" not in str(problem):
            raise
        raise SetUpProblem(
            f"a newer version kept the data in {made.folder}: use that one, or forget them by `make demo-reset`"
        ) from None


def _stay_here() -> None:
    """Make sure that nothing leaves this computer: remove the settings of a real deployment, except for the servers,
    and use no proxy for addresses on this computer.
    """
    real = {name.upper() for name in Settings.model_fields} - {"DATABASE_URL", "REDIS_URL"}
    for name in [name for name in os.environ if name.upper() in real]:
        del os.environ[name]
    listed = [os.environ.get("NO_PROXY") or os.environ.get("no_proxy", ""), "127.0.0.1", "localhost"]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, listed))


def _made(folder: Path, running: Services, bot_url: str, keys: dict[str, str], gate: Gate) -> Stage:
    clock = PretendClock(Redis.from_url(running.redis_url, client_name=SIMULATOR))
    twilio = PretendTwilio(clock, account_sid=ACCOUNT, auth_token=keys["TWILIO_AUTH_TOKEN"], sender=SENDER)
    twilio.webhook_url = f"{bot_url}/webhooks/twilio/inbound"
    garmin = PretendGarmin(clock)
    app = Flask("simulator")
    app.register_blueprint(twilio.blueprint(), url_prefix="/twilio")
    app.register_blueprint(garmin.blueprint())
    environment = {
        **os.environ,
        **keys,
        "PUBLIC_BASE_URL": bot_url,
        "PORT": bot_url.rsplit(":", 1)[1],
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_WHATSAPP_FROM": SENDER,
        "PRETEND_CLOCK": "1",
        "GARMIN_RATE": "50",
        "LINES_A_MINUTE": "600",  # stories and benches send many lines
        "LINES_A_DAY": "1000000",
        "MESSAGES_A_DAY": "10000000",
        "GROUP_MESSAGES_A_DAY": "10000000",
        "WEBHOOK_NETWORKS": "127.0.0.0/8",  # where a program that tries webhooks out is
        "LOG_FORMAT": "console",
        "ENV_FILE": "",  # the settings in `.env` are for another bot
        "FLASK_SKIP_DOTENV": "1",
        "NO_COLOR": "1",
        "WEB_CONCURRENCY": "1",
        "WORKERS": "2",
        "TZ": "UTC",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    return Stage(folder, running, bot_url, clock, twilio, garmin, Phones(twilio), app, gate, environment)


def _secrets(folder: Path) -> dict[str, str]:
    """Return the keys of this stage, made once and stored beside its data. Raises `SetUpProblem` if
    they cannot be read.
    """
    path = folder / "keys.json"
    if not path.exists():
        keys = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATA_KEYS": "demo:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        }
        write_whole(path, json.dumps(keys))
    try:
        found: dict[str, str] = json.loads(path.read_text())
    except ValueError:
        raise SetUpProblem(f"{path} is damaged: `make demo-reset` forgets it and the data that it opens") from None
    return found


def write_whole(path: Path, text: str) -> None:
    """Write a file that only we may read. If this process is killed, either the old or the new file is there."""
    draft = path.with_suffix(".new")
    draft.touch(0o600)
    draft.write_text(text)
    draft.replace(path)


def _listening(port: int, variable: str) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        why = "taken: stop what listens there" if error.errno == errno.EADDRINUSE else f"not ours ({error.strerror})"
        raise SetUpProblem(f"port {port} is {why}, or set {variable} to another") from None
    listening.listen(128)
    return listening


def _serve(gate: Gate, listening: socket.socket) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    host, port = listening.getsockname()
    server = make_server(host, port, gate, threaded=True, fd=listening.fileno())
    Thread(target=server.serve_forever, daemon=True).start()


def _stop(made: Stage) -> None:
    """Stop the processes, the clock first, and wait until they have ended."""
    for process in reversed(made.processes.values()):
        process.terminate()
    for process in made.processes.values():
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
