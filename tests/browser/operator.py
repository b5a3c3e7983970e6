"""The operator's page in a real Chromium: both ways to sign in, each page, and the end of a pause. Ends with 0 only if
all of it went well.

python -m tests.browser.operator [FOLDER FOR THE SCREENSHOTS]
"""

import re
import sys
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page
from pyotp import TOTP
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from services.ground import breakers
from simulator.stage import Stage, open_for_business, stage
from simulator.twilio.phones import Phone
from tests.browser.album import DESK, Album
from tests.browser.evening import run, step
from tests.browser.inspecting import Inspector
from tests.browser.people import PATIENCE, Missed
from tests.browser.running_demo import Place
from tests.patience import until

TOKEN = "an-operators-token-for-the-walk-only"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OPERATOR = "+32470000099"
SETTINGS = {
    "OPERATOR_TOKEN": TOKEN,
    "OPERATOR_TOTP": SECRET,
    "OPERATOR_WHATSAPP": f"whatsapp:{OPERATOR}",
}
LINK = re.compile(r"https?://\S+/operator/enter/\S+")


def heard(phone: Phone, pattern: str | re.Pattern[str]) -> str:
    """Wait until a phone has a message with this pattern, and return the newest match."""

    def matches() -> list[str]:
        return [found[0] for each in phone.heard if (found := re.search(pattern, each.text))]

    until(matches, lambda: f"{phone.name} should read “{pattern}”, and has {[each.text for each in phone.heard]}")
    return matches()[-1]


def talked(on: Stage, operator: Phone) -> None:
    """Zoë and the operator write; José writes and then blocks the bot, so that his messages fail."""
    zoe, jose = on.phones.add("Zoë 🚴", "+32470000001"), on.phones.add("José", "+34600000002")
    for phone in (zoe, jose, operator):
        phone.says("hi")
    for phone in (zoe, jose, operator):
        heard(phone, r"\w")
    jose.blocked = True
    jose.says("help")
    zoe.says("new group Sunday Legends")
    heard(zoe, "Sunday Legends")


def refused(on: Stage) -> None:
    """Garmin has refused the bot, which therefore pauses."""
    engine = create_engine(on.environment["DATABASE_URL"])
    with Session(engine) as session, session.begin():
        breakers.shut(session, "garmin", on.clock(), timedelta(hours=2), "Garmin answered 429: too many requests")
    engine.dispose()


def signed_in_by_code(on: Stage, tab: Page, eyes: Inspector) -> None:
    """First with a wrong code, then with the right one."""
    tab.goto(f"{on.bot_url}/operator/sign-in")
    eyes.inspect(tab, "operator-sign-in")
    right = TOTP(SECRET).at(on.clock())
    for code in (f"{(int(right) + 1) % 1_000_000:06}", right):
        tab.get_by_label("Operator’s token").fill(TOKEN)
        tab.get_by_label("Code of your authenticator app").fill(code)
        tab.get_by_role("button", name="Sign in").click()
        if code != right:
            tab.get_by_role("alert").filter(has_text="was not right").wait_for()
            eyes.inspect(tab, "operator-wrong")
    tab.get_by_role("heading", name="Overview").wait_for()


def looked_around(tab: Page, eyes: Inspector) -> None:
    """The overview, each list of messages, and both by keyboard alone."""
    until(lambda: tab.reload() and tab.get_by_role("link", name=re.compile("^failed", re.IGNORECASE)).count())
    eyes.inspect(tab, "operator-overview")
    eyes.use_keyboard(tab, "operator-overview")
    paths = [each.get_attribute("href") or "" for each in tab.locator("a.tile").all()]
    if not paths:
        raise Missed("The overview should lead to the lists of messages.")
    base = tab.url.split("/operator")[0]
    for path in paths:
        tab.goto(base + path)
        eyes.inspect(tab, f"operator-messages-{path.rsplit('/', 1)[1]}")
    tab.goto(f"{base}/operator/messages/sent")
    if "+32470000001" in tab.content() or "Sunday Legends" in tab.content():
        raise Missed("The list should show neither whole numbers nor texts.")
    eyes.use_keyboard(tab, "operator-messages")
    tab.get_by_role("link", name="Overview").click()


def ended_pause(tab: Page, eyes: Inspector) -> None:
    """Garmin's pause is on the overview, and ends by a button on a page of its own."""
    tab.reload()
    tab.get_by_role("link", name="End the pause of garmin").click()
    eyes.inspect(tab, "operator-pause")
    tab.get_by_role("button", name="End the pause now").click()
    tab.get_by_role("status").filter(has_text="The pause has ended").wait_for()
    eyes.inspect(tab, "operator-pause-ended")


def signed_in_by_link(on: Stage, tab: Page, operator: Phone, eyes: Inspector) -> None:
    """Signed out, and in again by the link on the operator's phone, which works once."""
    tab.get_by_role("button", name="Sign out", exact=True).click()
    tab.get_by_role("status").filter(has_text="You are signed out").wait_for()
    tab.get_by_label("Operator’s token").fill(TOKEN)
    tab.get_by_role("button", name="Send a link to my WhatsApp").click()
    tab.get_by_role("status").filter(has_text="A link is on its way").wait_for()
    eyes.inspect(tab, "operator-link-sent")
    link = heard(operator, LINK)
    tab.goto(link)
    eyes.inspect(tab, "operator-enter")
    tab.get_by_role("button", name="Open it in this browser").click()
    tab.get_by_role("heading", name="Overview").wait_for()
    tab.goto(link)
    tab.get_by_role("button", name="Open it in this browser").click()
    tab.get_by_role("heading", name="This link no longer works").wait_for()
    eyes.inspect(tab, "operator-over")
    tab.goto(f"{on.bot_url}/operator/")
    tab.get_by_role("button", name="Sign out in all browsers").click()
    tab.get_by_role("status").filter(has_text="You are signed out").wait_for()


def play(browser: Browser, place: Place, album: Album) -> None:
    """All of it, with the whole product and an operator."""
    folder: Path = place.folder
    with stage(folder, kept=False, port=place.port, bot_port=place.bot_port, settings=SETTINGS) as on:
        open_for_business(on)
        operator = on.phones.add("Operator", OPERATOR)
        context = browser.new_context(viewport=DESK, locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(PATIENCE)
        tab, eyes = context.new_page(), Inspector(album)
        with step("three people write, and one of them blocks the bot"):
            talked(on, operator)
            refused(on)
        with step("the operator signs in with a code, after a slip"):
            signed_in_by_code(on, tab, eyes)
        with step("the overview and the lists of messages, also by keyboard alone"):
            looked_around(tab, eyes)
        with step("the pause of a vendor is ended"):
            ended_pause(tab, eyes)
        with step("signed out, and in again by a link that works once"):
            signed_in_by_link(on, tab, operator, eyes)
        eyes.report()


if __name__ == "__main__":
    sys.exit(run(play, sys.argv[1:]))
