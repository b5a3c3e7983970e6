"""An evening with the demo in a real Chromium, by clicking and typing. The exit code is 0 only if all of it succeeded.

python -m tests.browser.evening [FOLDER FOR THE SCREENSHOTS]
"""

# ruff: noqa: T201

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser.album import DESK, Album
from tests.browser.friends import Evening
from tests.browser.link_page import opened_elsewhere
from tests.browser.people import PATIENCE, Missed
from tests.browser.running_demo import DemoFailed, Place, fresh_place, running
from tests.browser.watch import Watch

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
SECOND_START = 15.0  # seconds, if nothing else runs on the machine


def play(browser: Browser, place: Place, album: Album) -> None:
    """Play the evening, with the demo started twice on the same folder."""
    with running(place) as took:
        told("the demo starts for the first time", took)
        first_evening(browser, place, album)
    with running(place) as took:
        told("the demo starts again on the same folder", took)
        if took > (most := SECOND_START * crowd()):
            raise Missed(f"The second start should take less than {most:.0f} s, and took {took:.1f} s.")
        with open_page(browser, place, album) as evening, step("the chat is still there, and goes on"):
            evening.went_on()


def first_evening(browser: Browser, place: Place, album: Album) -> None:
    with open_page(browser, place, album) as evening:
        album.keep(evening.page, "phones-at-first")
        with step("Zoë starts a group on Saturday evening"):
            evening.saturday()
            evening.group()
        with step("José and سارة join by the invite link"):
            evening.invited(evening.jose)
            evening.invited(evening.sara)
        with step("all three connect their Garmin: Zoë by key, José with a code, سارة after a slip"):
            used = evening.connected(evening.zoe, key=True)
            evening.connected(evening.jose, album=album)
            evening.connected(evening.sara, slip=True, album=album)
        with step("a used link is over"):
            opened_elsewhere(browser, used, album)
        with step("the board of last week has all three"):
            evening.board()
        with step("the weekly digest comes to all three, with its picture"):
            evening.digest()
            album.keep(evening.page, "phones")
        with step("they look further"):
            evening.look_further()
            album.poster(evening.page, "poster", from_top_of=evening.newest_picture)
        with step("Zoë opens the page that puts the digest into the real group"):
            evening.shared()
        with step("a week later the approved message comes, and a tap brings the digest"):
            evening.digest_a_week_later()
            album.keep(evening.page, "phones-a-week-later")


def crowd() -> float:
    """Return how many processes share each processor, at least 1. Starting the demo is limited by the processors."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@contextmanager
def open_page(browser: Browser, place: Place, album: Album) -> Iterator[Evening]:
    """Yield the page of phones, and watch it. After a failure, save a picture."""
    context = browser.new_context(viewport=DESK, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE)
    watch, page = Watch(context), context.new_page()
    try:
        page.goto(place.url)
        yield Evening(page, album)
        watch.verdict()
        print(f"           {watch.requests} requests, none of which left 127.0.0.1, and a clean console", flush=True)
    except (Missed, Error):
        for number, tab in enumerate(context.pages, 1):
            print(f"  see {album.snap(tab, f'failed-{number}')}", file=sys.stderr)
        raise
    finally:
        context.close()


@contextmanager
def step(title: str) -> Iterator[None]:
    """Play a part of the evening; print its name if it fails, and its time if not."""
    began = time.monotonic()
    try:
        yield
    except (Missed, Error, DemoFailed):
        print(f"✗ {time.monotonic() - began:5.1f} s  {title}", file=sys.stderr)
        raise
    told(title, time.monotonic() - began)


def told(title: str, took: float) -> None:
    print(f"✓ {took:5.1f} s  {title}", flush=True)


def run(act: Callable[[Browser, Place, Album], None], arguments: list[str]) -> int:
    """Run `act` in a Chromium and a demo of its own. Returns the exit code."""
    if not (chromium := os.environ.get("CHROMIUM")):
        print("Say in CHROMIUM= where a Chromium is.", file=sys.stderr)
        return 1
    album = Album(Path(arguments[0] if arguments else tempfile.mkdtemp(prefix="gruppetto-screenshots-")))
    with tempfile.TemporaryDirectory(prefix="gruppetto-evening-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user if this is root, and must be able to enter the folder
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                act(browser, fresh_place(Path(folder)), album)
        except (Missed, Error, DemoFailed) as failure:
            for log in Path(folder).glob("*.log"):
                shutil.copy(log, album.folder)
            print(f"{failure}\n  The screenshots and the demo's logs are in {album.folder}", file=sys.stderr)
            return 1
    print(f"The screenshots are in {album.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(run(play, sys.argv[1:]))
